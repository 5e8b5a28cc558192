import NIOCore
import NIOPosix
import TestSupport

@testable import flashctl

/// A server between the load test and the real one that does not do as it says.
final class CrookedServer: Sendable {
    /// Asks the real server.
    typealias Forward = @Sendable (_ method: String, _ target: String, _ headers: String) async throws -> Reply
    typealias Behaviour = @Sendable (_ method: String, _ target: String, _ forward: Forward) async throws -> Reply

    struct Reply: Sendable {
        var status: Int
        var body: String
        var headers = ""
    }

    /// Serves in front of the server at `shop` while `body` runs.
    static func serving(
        _ shop: Int,
        _ behaviour: @escaping Behaviour,
        _ body: (_ port: Int) async throws -> Void
    ) async throws {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.addHandler(Handler(shop: shop, behaviour: behaviour))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            try await body(channel.localAddress?.port ?? 0)
            try await channel.close().get()
        } catch {
            try await channel.close().get()
            throw error
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let shop: Int
        private let behaviour: Behaviour
        private var received = ""

        init(shop: Int, behaviour: @escaping Behaviour) {
            self.shop = shop
            self.behaviour = behaviour
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += String(buffer: unwrapInboundIn(data))
            guard received.hasSuffix("\r\n\r\n") else { return }
            let lines = received.split(separator: "\r\n")
            received = ""
            let words = lines[0].split(separator: " ").map(String.init)
            let key = lines.first { $0.hasPrefix("Idempotency-Key: ") }.map { "\($0)\r\n" } ?? ""
            let (channel, shop, behaviour) = (context.channel, shop, behaviour)
            Task {
                do {
                    let reply = try await behaviour(words[0], words[1]) { method, target, headers in
                        let client = try await ShopClient.connect(port: shop)
                        let reply = try await client.send(method, target, headers: headers + key)
                        try await client.close()
                        let replayed = reply.head.contains("idempotent-replayed: true")
                        return Reply(
                            status: reply.status,
                            body: reply.body,
                            headers: replayed ? "Idempotent-Replayed: true\r\n" : ""
                        )
                    }
                    let text = response(reply.status, reply.body, headers: reply.headers)
                    try await channel.writeAndFlush(ByteBuffer(string: text))
                } catch {
                    // The load test has ended, or the real server is gone: no answer either way.
                    channel.close(promise: nil)
                }
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
