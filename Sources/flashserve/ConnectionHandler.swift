import Collections
import FlashSaleKit
import NIOCore
import NIOHTTP1

/// One client connection: takes requests from the decoder, hands them to the loop's services, and writes the answers in
/// the order of the requests, however their decisions arrive.
///
/// Lives on one event loop.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = Never
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    private enum Slot {
        case waiting(RequestRoute, since: NIODeadline, keepAlive: Bool)
        case ready(ByteBuffer, keepAlive: Bool)

        var isWaiting: Bool {
            if case .waiting = self { true } else { false }
        }
    }

    private let server: LoopServer
    private var context: ChannelHandlerContext?
    private var slots: Deque<Slot> = []
    /// Those of the waiting requests that are recorded, by their numbers.
    private var spans: [Int: OpenSpan] = [:]
    /// Number of the request that `slots.first` stands for.
    private var firstSlot = 0
    private var request: IncomingRequest?
    /// Of the request that is being read, when it is recorded. No part of it, so that those that are not pay nothing.
    private var span: OpenSpan?
    private var readHeld = false
    /// Set once an answer was written after which the connection ends: nothing is read or answered any more.
    private var closing = false
    private(set) var clock: ConnectionClock
    private var isDirty = false
    /// False once a request was taken that is the last one: what follows it is not answered, so it must not be decided.
    private var accepts = true
    /// A request has ended behind which the decoder stops.
    private var decoderStops = false

    init(server: LoopServer) {
        self.server = server
        self.clock = ConnectionClock(now: server.touchClock(), idleTime: server.idleTime)
    }

    // MARK: Reading

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        let taken = server.connections.add(self)
        server.counters.connected(taken: taken)
        guard taken else {
            context.close(promise: nil)
            return
        }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        if server.connections.remove(self) { server.counters.disconnected() }
        // A client that leaves never cancels a batch: the decisions are made and journaled, only the answers are
        // dropped.
        closing = true
        server.counters.abandoned(slots.count { $0.isWaiting })
        slots.removeAll()
        spans.removeAll()
        self.context = nil
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !closing, accepts else { return }
        switch unwrapInboundIn(data) {
        case .head(let head): received(head)
        case .body(let bytes):
            request?.bodyLength += bytes.readableBytes
            if let request, request.bodyLength > Limits.body {
                refuse(.bodyTooLarge(request.bodyLength, isWhole: false))
            }
        case .end: finishRequest()
        }
    }

    private func received(_ head: HTTPRequestHead) {
        clock.headEnded(now: server.coarseNow)
        let parsed = IncomingRequest(head: head)
        if parsed.targetLength > Limits.requestLine {
            return refuse(.lineTooLong(parsed.targetLength, isWhole: false))
        }
        if parsed.announcedBody > Limits.body { return refuse(.bodyTooLarge(parsed.announcedBody, isWhole: true)) }
        request = parsed
        if let tracer = server.tracer { span = tracer.begin(head) }
    }

    private func finishRequest() {
        guard let request else { return }
        self.request = nil
        clock.requestEnded(now: server.coarseNow)
        accepts = request.keepAlive
        decoderStops = request.stopsDecoder
        let slot = take(request.route.name, keepAlive: request.keepAlive)
        if let span {
            spans[slot] = span
            self.span = nil
        }
        server.dispatch(request, to: Responder(connection: self, slot: slot))
    }

    /// Whether a request has ended behind which the decoder stops, since it was asked last.
    func takeDecoderStop() -> Bool {
        defer { decoderStops = false }
        return decoderStops
    }

    /// The place of a request among those that wait for their answers.
    private func take(_ route: RequestRoute, keepAlive: Bool) -> Int {
        slots.append(.waiting(route, since: server.coarseNow, keepAlive: keepAlive))
        server.counters.began()
        return firstSlot + slots.count - 1
    }

    /// First bytes of a request have come; see `RequestGuard`.
    func receivedBytes() {
        server.touchClock()
        clock.receivedBytes(now: server.coarseNow)
    }

    /// Whether the decoder is between two requests or inside a head.
    var isReadingHead: Bool { request == nil }

    /// Whether no byte of a next request has reached the decoder, as far as is known.
    var isBetweenRequests: Bool { request == nil && clock.isIdle }

    /// Answers with an error of the protocol and ends the connection.
    func refuse(_ fault: RequestFault) {
        guard !closing, accepts, context != nil else { return }
        accepts = false
        request = nil
        span = nil
        complete(take(.other, keepAlive: false), with: server.responses.refused(fault))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case HTTPParserError.headerOverflow: refuse(.headersTooLarge(server.headerLimits))
        case is HTTPParserError: refuse(.malformed)
        default: context.close(promise: nil)
        }
    }

    // MARK: Back-pressure

    func read(context: ChannelHandlerContext) {
        if slots.count >= Limits.pipelinedRequests || !context.channel.isWritable || closing || !accepts {
            readHeld = true
        } else {
            context.read()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        clock.writability(context.channel.isWritable, now: server.coarseNow)
        resumeReading()
        context.fireChannelWritabilityChanged()
    }

    private func resumeReading() {
        guard readHeld, !closing, let context, context.channel.isWritable,
            slots.count < Limits.pipelinedRequests
        else { return }
        readHeld = false
        context.read()
    }

    // MARK: Answering

    /// Takes the answer of one request; it is written when all earlier ones have been.
    func complete(_ slot: Int, with answer: ByteBuffer) {
        guard context != nil, slot >= firstSlot else { return }
        let index = slot - firstSlot
        guard case .waiting(let route, let since, let keepAlive) = slots[index] else {
            preconditionFailure("request \(slot) was answered twice")
        }
        let time = server.coarseNow - since
        server.counters.answered(route, with: answer, after: time)
        let written = spans.isEmpty ? answer : recorded(slot, route, answer, time)
        slots[index] = .ready(written, keepAlive: keepAlive)
        if index == 0 { writeReady() }
    }

    /// The answer with the ids of its span, when the request is recorded.
    private func recorded(_ slot: Int, _ route: RequestRoute, _ answer: ByteBuffer, _ time: TimeAmount) -> ByteBuffer {
        guard let span = spans.removeValue(forKey: slot), let tracer = server.tracer else { return answer }
        return tracer.finish(span, route, with: answer, after: time)
    }

    /// The request is asked of this sale, together with others.
    func asked(_ slot: Int, _ sale: SaleID, size: Int) {
        spans[slot]?.batch = (sale, size)
    }

    private func writeReady() {
        while let context, !closing, case .ready(let answer, let keepAlive)? = slots.first {
            slots.removeFirst()
            firstSlot += 1
            clock.answered(now: server.coarseNow)
            // Of a stopping server: told to go elsewhere, rather than cut off in its next request.
            let isLast = !keepAlive || server.isStopping && slots.isEmpty && request == nil
            // A client that is not told sends its next request into a connection that ends.
            context.write(wrapOutboundOut(isLast ? Responses.closing(answer) : answer), promise: nil)
            if isLast { closing = true }
        }
        markDirty()
    }

    private func markDirty() {
        guard !isDirty else { return }
        isDirty = true
        server.flushLater(self)
    }

    /// One flush per connection and tick, called by the loop.
    func flush() {
        isDirty = false
        guard let context else { return }
        context.flush()
        if closing {
            // Half-closing lets the client read the answer although bytes of it that nobody read are still arriving.
            context.close(mode: .output, promise: nil)
            clock.lingering(now: server.coarseNow)
        } else {
            resumeReading()
        }
    }

    // MARK: Time

    /// Looks at the limits of time; called about twice a second by the connection table.
    func checkTime(_ now: NIODeadline) {
        switch clock.verdict(now: now, unanswered: !slots.isEmpty) {
        case .fine: break
        case .requestTooSlow: refuse(request.map { .bodyTooSlow($0.bodyLength) } ?? .headTooSlow)
        case .idle: end()
        case .close: context?.close(promise: nil)
        }
    }

    /// For a stopping server: closes unless a request is being answered or may be on its way. What was written before
    /// still arrives.
    func closeIfQuiet(for time: TimeAmount, _ now: NIODeadline) {
        guard slots.isEmpty, request == nil, !isDirty, !closing, clock.quiet(now: now) >= time else { return }
        end()
    }

    /// Ends a connection on which nothing is owed. A request that is on its way meets an orderly end, and is not
    /// decided.
    private func end() {
        closing = true
        flush()
    }
}

/// Where the answer of one request goes.
struct Responder {
    let connection: ConnectionHandler
    let slot: Int

    /// Answers the request.
    func callAsFunction(_ answer: ByteBuffer) {
        connection.complete(slot, with: answer)
    }

    /// For the span of the request, if it has one.
    func asked(_ sale: SaleID, size: Int) {
        connection.asked(slot, sale, size: size)
    }
}
