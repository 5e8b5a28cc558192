import NIOCore

/// One connection of the closed model: it sends its next request when it has the answer to the last one.
final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Number of the place that this connection fills.
    let slot: Int
    private let worker: LoadWorker
    private var scanner = ResponseScanner()
    private var request = ByteBuffer()
    private var context: ChannelHandlerContext?
    /// Monotonic time at which the request in flight was sent, nil without one.
    private(set) var sentAt: UInt64?

    init(slot: Int, worker: LoadWorker) {
        self.slot = slot
        self.worker = worker
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    /// Sends the next request of the plan, if one is left.
    func sendNext() {
        guard let context, context.channel.isActive, let number = worker.takeRequest() else { return }
        worker.template.write(number: number, into: &request)
        sentAt = NIODeadline.now().uptimeNanoseconds
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        var consumed = 0
        let event = buffer.withUnsafeReadableBytes { scanner.feed($0, consumed: &consumed) }
        switch event {
        case .needsMore:
            if sentAt == nil { fail(.badResponse) }
        case .complete where sentAt == nil || consumed < buffer.readableBytes:
            // An answer that nobody asked for.
            fail(.badResponse)
        case .complete: complete()
        case .malformed: fail(.badResponse)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if sentAt != nil {
            let wasInside = scanner.isInside
            if scanner.endOfInput() == .complete {
                record()
            } else {
                end(with: wasInside ? .truncated : .closed)
            }
        }
        worker.connectionClosed(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(NetworkErrorKind(reading: error))
    }

    /// Ends the request in flight without an answer and closes the connection.
    func fail(_ kind: NetworkErrorKind) {
        end(with: kind)
        close()
    }

    func close() {
        context?.close(promise: nil)
    }

    private func complete() {
        record()
        if scanner.keepsAlive { sendNext() } else { close() }
    }

    private func record() {
        guard let sentAt else { return }
        self.sentAt = nil
        worker.answered(slot: slot, sentAt: sentAt, scanner: scanner)
    }

    private func end(with kind: NetworkErrorKind) {
        guard sentAt != nil else { return }
        sentAt = nil
        worker.failed(kind)
    }
}
