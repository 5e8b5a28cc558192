import Foundation
import NIOCore
import NIOPosix

/// A buyer with a connection of its own, who sends one request after the other.
package final class ShopClient: Sendable {
    /// An answer of the shop.
    package struct Reply: Sendable {
        package let status: Int
        /// Status line and headers, in small letters.
        package let head: String
        package let body: String

        /// A member of the body, e.g. `reply["code"]`.
        package subscript(name: String) -> String? {
            guard let value = (try? json(body, name)) ?? nil else { return nil }
            return "\(value)"
        }
    }

    /// The connection ended before the answer: nobody knows whether the request was decided.
    package struct NoAnswer: Error {
        package init() {}
    }

    private let channel: any Channel
    private let exchange: NIOLoopBound<Exchange>

    private init(channel: any Channel, exchange: NIOLoopBound<Exchange>) {
        self.channel = channel
        self.exchange = exchange
    }

    /// Whether nothing has ended the connection yet.
    package var isOpen: Bool { channel.isActive }

    /// Connects to a server of this machine; throws when nobody listens.
    package static func connect(port: Int) async throws -> ShopClient {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let exchange = try await loop.submit { NIOLoopBound(Exchange(), eventLoop: loop) }.get()
        let channel = try await ClientBootstrap(group: loop)
            .connectTimeout(.seconds(TestPatience.limit.components.seconds))
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(exchange.value) }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return ShopClient(channel: channel, exchange: exchange)
    }

    /// Sends a request and waits for its answer. Throws ``NoAnswer`` when there is none within `limit`.
    package func send(
        _ method: String,
        _ target: String,
        headers: String = "",
        limit: TimeAmount = .seconds(TestPatience.limit.components.seconds)
    ) async throws -> Reply {
        let text = "\(method) \(target) HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\(headers)\r\n"
        return try await channel.eventLoop.flatSubmit { [exchange, channel] in
            let promise = channel.eventLoop.makePromise(of: Reply.self)
            exchange.value.waiting = promise
            channel.writeAndFlush(ByteBuffer(string: text)).whenFailure { _ in exchange.value.end() }
            let limit = channel.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
            promise.futureResult.whenComplete { _ in limit.cancel() }
            return promise.futureResult
        }.get()
    }

    /// A checkout.
    package func checkout(_ user: String, item: Int = 7) async throws -> Reply {
        try await send("POST", "/checkout?user_id=\(user)&id=\(item)")
    }

    /// A purchase.
    package func purchase(_ code: String) async throws -> Reply {
        try await send("POST", "/purchase?code=\(code)")
    }

    /// Ends the connection.
    package func close() async throws {
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
