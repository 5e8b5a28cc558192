import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import FlashSaleKit

@Suite(.timeLimit(.minutes(20))) struct RedisLoginTests {
    @Test func `a password is needed, refused and accepted`() async throws {
        try await RedisTestServer.with(["requirepass": "right"]) { server in
            let none = try await redisError { try await server.client() }
            #expect(none.code == .authentication)
            #expect(none.nextStep?.contains("redis://:PASSWORD@") == true)
            let wrong = try await redisError { try await server.client("?password=wr0ngpw") }
            #expect(wrong.code == .authentication)
            #expect(!wrong.description.contains("wr0ngpw"))
            #expect(wrong.message.contains("WRONGPASS"))
            #expect(try await server.client("?password=right").send(RedisCommand("PING")) == .status("PONG"))
        }
    }

    @Test func `an ACL user may have a password with any characters`() async throws {
        try await RedisTestServer.with { server in
            let admin = try await server.client()
            _ = try await admin.send(RedisCommand("ACL", "SETUSER", "ann", "on", ">p@s:s/w?", "~*", "+@all", "-client"))
            // CLIENT SETNAME is forbidden to this user, which does no harm.
            let client = try await server.client("?user=ann&password=p%40s:s/w?")
            #expect(try await client.send(RedisCommand("ACL", "WHOAMI")).string == "ann")
            let error = try await redisError { try await server.client("?user=bob&password=x") }
            #expect(error.code == .authentication && error.message.contains("\"bob\""))
        }
    }

    @Test func `a server that quotes commands back does not reveal the password`() async throws {
        try await RedisTestServer.with(extra: #"rename-command AUTH """#) { server in
            let error = try await redisError { try await server.client("?user=ann&password=s3cret") }
            #expect(error.code == .authentication)
            #expect(!error.description.contains("s3cret"))
        }
    }

    @Test func `the database of the URL is selected`() async throws {
        try await RedisTestServer.with { server in
            let third = try await server.client("?db=3")
            _ = try await third.send(RedisCommand("SET", "k", "v"))
            #expect(try await server.client().send(RedisCommand("GET", "k")) == .null)
            #expect(try await server.client("?db=3").send(RedisCommand("GET", "k")).string == "v")
            let error = try await redisError { try await server.client("?db=99") }
            #expect(error.code == .connectFailed && error.message.contains("DB index"))
        }
    }

    @Test func `the connection shows its name to the operator`() async throws {
        try await RedisTestServer.with { server in
            let client = try await server.client("", .patient { $0.clientName = "flashctl-drain" })
            #expect(try await client.send(RedisCommand("CLIENT", "GETNAME")).string == "flashctl-drain")
        }
    }

    @Test func `something else than Redis is not connected to`() async throws {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(HTTPGreeter()) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(listener.localAddress?.port)
        let error = try await redisError {
            try await RedisClient.connect(
                to: RedisEndpoint(parsing: "127.0.0.1:\(port)"),
                on: .singletonMultiThreadedEventLoopGroup,
                logger: quietLogger
            )
        }
        try await listener.close()
        #expect(error.code == .connectFailed)
        #expect((error.underlying as? RedisError)?.code == .protocolViolation)
        #expect(error.message.contains("127.0.0.1:\(port)"))
    }
}

/// A server that takes everything for a bad HTTP request.
private final class HTTPGreeter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(NIOAny(ByteBuffer(string: "HTTP/1.1 400 Bad Request\r\n\r\n")), promise: nil)
    }
}
