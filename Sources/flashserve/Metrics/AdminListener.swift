import FlashSaleKit
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// The socket for the operators of this machine: metrics, on 127.0.0.1 only. It changes nothing.
struct AdminListener: Sendable {
    /// Only this machine may ask.
    static let host = "127.0.0.1"
    /// Connections that may wait to be accepted.
    private static let backlog: Int32 = 64

    let channel: any Channel

    /// The port that it has.
    var port: Int { channel.localAddress?.port ?? 0 }

    static func bind(port: Int, group: any EventLoopGroup, metrics: ServerMetrics) async throws -> AdminListener {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    var limits = NIOHTTPDecoderLimitConfiguration()
                    limits.maxHeaderListSize = Limits.headers
                    limits.maxHeaderFieldCount = Limits.headerFields
                    let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
                    try channel.pipeline.syncOperations.addHandlers(
                        ByteToMessageHandler(decoder, maximumBufferSize: Limits.undecodedBytes),
                        IdleStateHandler(allTimeout: Limits.idleTime),
                        AdminHandler(metrics: metrics)
                    )
                }
            }
        do {
            return AdminListener(channel: try await bootstrap.bind(host: host, port: port).get())
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw ServerError(
                .cannotListen,
                "\(host):\(port), the port of the metrics, is in use by another process",
                nextStep: "choose another one with --admin-port, or 0 for none"
            )
        } catch {
            throw ServerError(.cannotListen, "cannot listen on \(host):\(port) for the metrics: \(error)")
        }
    }

    func close() async {
        do {
            try await channel.close()
        } catch {
            // Closed already: the group of its loop has gone first.
        }
    }
}

/// Answers one request of a connection and closes it: scrapers come every few seconds.
private final class AdminHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private let metrics: ServerMetrics
    private var head: HTTPRequestHead?
    private var bodyLength = 0

    init(metrics: ServerMetrics) {
        self.metrics = metrics
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let received): head = received
        case .body(let bytes):
            bodyLength += bytes.readableBytes
            if bodyLength > Limits.body { context.close(promise: nil) }
        case .end:
            guard let head else { return }
            self.head = nil
            answer(head, context)
        }
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let path = head.uri.prefix { $0 != "?" }
        guard path == "/metrics" else {
            return write("404 Not Found", "there is nothing at this path\n", context)
        }
        guard head.method == .GET else {
            return write("405 Method Not Allowed", "this path takes GET\n", context, headers: "Allow: GET\r\n")
        }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let (loop, metrics) = (context.eventLoop, metrics)
        Task {
            let text: Result<String, any Error>
            do { text = .success(try await metrics.text()) } catch { text = .failure(error) }
            loop.execute {
                let (handler, context) = bound.value
                switch text {
                case .success(let text): handler.write("200 OK", text, context)
                case .failure(let error): handler.write("503 Service Unavailable", "\(error)\n", context)
                }
            }
        }
    }

    private func write(_ status: String, _ body: String, _ context: ChannelHandlerContext, headers: String = "") {
        guard context.channel.isActive else { return }
        var buffer = context.channel.allocator.buffer(capacity: 256 + body.utf8.count)
        buffer.writeString(
            "HTTP/1.1 \(status)\r\nContent-Type: \(MetricsText.contentType)\r\nContent-Length: \(body.utf8.count)\r\n"
                + "Connection: close\r\n\(headers)\r\n\(body)"
        )
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(buffer)).whenComplete { _ in bound.value.close(promise: nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
