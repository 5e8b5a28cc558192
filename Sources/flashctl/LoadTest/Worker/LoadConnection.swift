import NIOCore

/// One connection: it sends its next request when it has the answer to the last one, and when it is given one.
final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Number of the place that this connection fills.
    let slot: Int
    private let worker: LoadWorker
    private var scanner: ResponseScanner
    private var request = ByteBuffer()
    private var context: ChannelHandlerContext?
    /// What waits for its answer, nil when nothing does.
    private(set) var inFlight: RequestInFlight?

    init(slot: Int, worker: LoadWorker) {
        self.slot = slot
        self.worker = worker
        scanner = ResponseScanner(keepsCodes: worker.wantsCodes, keepsReceipts: worker.history != nil)
    }

    /// Whether it could send something now.
    var isIdle: Bool { inFlight == nil && context?.channel.isActive == true }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    /// Sends the next request, if there is one; false when there was nothing to send.
    @discardableResult
    func sendNext() -> Bool {
        guard let context, context.channel.isActive, let next = worker.nextRequest(for: self) else { return false }
        write(next, to: context)
        return true
    }

    /// Sends a request over a connection that ``isIdle``.
    func send(_ next: RequestInFlight) {
        guard let context else { return worker.failed(next, .closed) }
        write(next, to: context)
    }

    private func write(_ next: RequestInFlight, to context: ChannelHandlerContext) {
        worker.write(next.request, into: &request)
        inFlight = next
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        var consumed = 0
        let event = buffer.withUnsafeReadableBytes { scanner.feed($0, consumed: &consumed) }
        switch event {
        case .needsMore:
            if inFlight == nil { fail(.badResponse) }
        case .complete where inFlight == nil || consumed < buffer.readableBytes:
            // An answer that nobody asked for.
            fail(.badResponse)
        case .complete: complete()
        case .malformed: fail(.badResponse)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if inFlight != nil {
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
        guard let ended = inFlight else { return }
        inFlight = nil
        worker.answered(slot: slot, ended, scanner: scanner)
    }

    private func end(with kind: NetworkErrorKind) {
        guard let ended = inFlight else { return }
        inFlight = nil
        worker.failed(ended, kind)
    }
}
