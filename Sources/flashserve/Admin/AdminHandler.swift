import NIOCore
import NIOHTTP1

/// Answers one request of a connection. Pages and metrics are answered whole, and the connection is closed: scrapers
/// come every few seconds. A reader of the events keeps its connection until one of the two leaves.
final class AdminHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private let metrics: ServerMetrics
    private let feed: LiveFeed
    private var head: HTTPRequestHead?
    private var isAnswered = false
    private var bodyLength = 0
    private var listener: LiveListener?

    init(metrics: ServerMetrics, feed: LiveFeed) {
        self.metrics = metrics
        self.feed = feed
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let received): head = received
        case .body(let bytes):
            bodyLength += bytes.readableBytes
            if bodyLength > Limits.body { context.close(promise: nil) }
        case .end:
            guard let head, !isAnswered else { return }
            self.head = nil
            isAnswered = true
            answer(AdminRoute(head), context)
        }
    }

    private func answer(_ route: AdminRoute, _ context: ChannelHandlerContext) {
        switch route {
        case .page: write(.page, context)
        case .events: listen(context)
        case .metrics: writeMetrics(context)
        case .notFound: write(AdminAnswer("404 Not Found", "there is nothing at this path\n"), context)
        case .methodNotAllowed:
            write(AdminAnswer("405 Method Not Allowed", "this path takes GET\n", headers: "Allow: GET\r\n"), context)
        case .foreign: write(.foreign, context)
        }
    }

    private func writeMetrics(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let (loop, metrics) = (context.eventLoop, metrics)
        Task {
            let text: Result<String, any Error>
            do { text = .success(try await metrics.text()) } catch { text = .failure(error) }
            loop.execute {
                let (handler, context) = bound.value
                switch text {
                case .success(let text):
                    handler.write(AdminAnswer("200 OK", text, type: MetricsText.contentType), context)
                case .failure(let error):
                    handler.write(AdminAnswer("503 Service Unavailable", "\(error)\n"), context)
                }
            }
        }
    }

    private func listen(_ context: ChannelHandlerContext) {
        let listener = LiveListener(context.channel)
        let bound = NIOLoopBound(listener, eventLoop: context.eventLoop)
        let loop = context.eventLoop
        let joined = feed.join { event in loop.execute { bound.value.offer(event) } }
        guard let joined else { return write(.tooManyListeners, context) }
        listener.onEnd = { [feed] in feed.leave(joined.number) }
        self.listener = listener
        listener.begin(AdminAnswer.eventsHead, joined.start)
    }

    private func write(_ answer: AdminAnswer, _ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(answer.bytes(context.channel.allocator))).whenComplete { _ in
            bound.value.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        listener?.end()
        listener = nil
        context.fireChannelInactive()
    }

    /// Also a reader that has taken nothing for so long: to everybody else something is written every second.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
