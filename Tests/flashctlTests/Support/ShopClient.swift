import Foundation
import NIOCore
import NIOPosix
import Testing

/// A buyer with a connection of its own, who sends one request after the other.
final class ShopClient: Sendable {
    struct Reply: Sendable {
        let status: Int
        let head: String
        let body: String

        /// A member of the body, e.g. `reply["code"]`.
        subscript(name: String) -> String? {
            guard let value = (try? json(body, name)) ?? nil else { return nil }
            return "\(value)"
        }
    }

    /// The connection ended before the answer: nobody knows whether the request was decided.
    struct NoAnswer: Error {}

    private let channel: any Channel
    private let exchange: NIOLoopBound<Exchange>

    private init(channel: any Channel, exchange: NIOLoopBound<Exchange>) {
        self.channel = channel
        self.exchange = exchange
    }

    static func connect(port: Int) async throws -> ShopClient {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let exchange = try await loop.submit { NIOLoopBound(Exchange(), eventLoop: loop) }.get()
        let channel = try await ClientBootstrap(group: loop)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(exchange.value) }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return ShopClient(channel: channel, exchange: exchange)
    }

    /// Sends a request and waits for its answer. Throws ``NoAnswer`` when there is none within ten seconds.
    func send(_ method: String, _ target: String) async throws -> Reply {
        let text = "\(method) \(target) HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n"
        return try await channel.eventLoop.flatSubmit { [exchange, channel] in
            let promise = channel.eventLoop.makePromise(of: Reply.self)
            exchange.value.waiting = promise
            channel.writeAndFlush(ByteBuffer(string: text)).whenFailure { _ in exchange.value.end() }
            let limit = channel.eventLoop.scheduleTask(in: .seconds(10)) { channel.close(promise: nil) }
            promise.futureResult.whenComplete { _ in limit.cancel() }
            return promise.futureResult
        }.get()
    }

    func checkout(_ user: String, item: Int = 7) async throws -> Reply {
        try await send("POST", "/checkout?user_id=\(user)&id=\(item)")
    }

    func purchase(_ code: String) async throws -> Reply {
        try await send("POST", "/purchase?code=\(code)")
    }

    func close() async throws {
        // It may be closed already.
        try? await channel.close()
    }

    private final class Exchange: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        var waiting: EventLoopPromise<Reply>?
        private var received = ""

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += String(buffer: unwrapInboundIn(data))
            guard let end = received.range(of: "\r\n\r\n") else { return }
            let head = received[..<end.lowerBound].lowercased()
            let length = head.split(separator: "\r\n").first { $0.hasPrefix("content-length: ") }
                .flatMap { Int($0.dropFirst(16)) }
            let body = String(received[end.upperBound...])
            guard body.utf8.count >= length ?? 0 else { return }
            let status = Int(head.split(separator: " ")[1]) ?? 0
            received = ""
            let promise = waiting
            waiting = nil
            promise?.succeed(Reply(status: status, head: head, body: body))
        }

        func channelInactive(context: ChannelHandlerContext) { end() }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        func end() {
            let promise = waiting
            waiting = nil
            promise?.fail(NoAnswer())
        }
    }
}
