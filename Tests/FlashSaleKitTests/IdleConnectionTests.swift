import Glibc
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import FlashSaleKit

/// Connections that are quiet for long: the network may have forgotten them.
@Suite(.timeLimit(.minutes(20))) struct IdleConnectionTests {
    private func connect(
        _ url: String,
        _ options: RedisConnectionOptions = .init()
    ) async throws -> NIOLoopBound<RedisChannel> {
        try await RedisChannel.connect(
            to: RedisEndpoint(parsing: url),
            on: MultiThreadedEventLoopGroup.singleton.next(),
            options: options,
            logger: quietLogger
        ).get()
    }

    @Test func `a connection that the network has forgotten ends by itself, and a new one works`() async throws {
        try await RedisTestServer.with { server in
            let proxy = try FaultProxy(to: server.layout.redisSocket)
            defer { proxy.stop() }
            let url = "redis://127.0.0.1:\(proxy.port)"
            let options = RedisConnectionOptions(pingInterval: .milliseconds(50))
            let lost = try await connect(url, options)
            let reason = lost.eventLoop.makePromise(of: RedisError.self)
            lost.eventLoop.execute { lost.value.onClose = { reason.succeed($0) } }
            proxy.forgetConnections()
            let error = try await reason.futureResult.get()
            #expect(error.code == .timeout)
            #expect("\(error)".contains("did not answer within 1000 ms"), "\(error)")
            let client = try await RedisClient.connect(
                to: RedisEndpoint(parsing: url),
                on: MultiThreadedEventLoopGroup.singleton,
                logger: quietLogger
            )
            #expect(try await client.send(RedisCommand("PING")) == .status("PONG"))
            await client.close()
        }
    }

    @Test func `a quiet connection outlives the patience of the server`() async throws {
        try await RedisTestServer.with(["timeout": "1"]) { server in
            let client = try await server.client("", .init(pingInterval: .milliseconds(100)))
            // Redis looks for idle clients once a second.
            try await Task.sleep(for: .seconds(3))
            #expect(client.isActive)
            #expect(try await client.send(RedisCommand("PING")) == .status("PONG"))
            await client.close()
        }
    }

    @Test func `a server that may not be asked is alive all the same`() async throws {
        try await RedisTestServer.with(extra: "user quiet on >secret ~* +client|setname") { server in
            let client = try await server.client("?user=quiet&password=secret", .init(pingInterval: .milliseconds(20)))
            try await Task.sleep(for: .milliseconds(200))
            #expect(client.isActive)
            await client.close()
        }
    }

    @Test func `the kernel watches every TCP connection to Redis, and none over a unix socket`() async throws {
        try await RedisTestServer.with { server in
            let proxy = try FaultProxy(to: server.layout.redisSocket)
            defer { proxy.stop() }
            let redis = try await connect("redis://127.0.0.1:\(proxy.port)")
            func option(_ option: ChannelOptions.Types.SocketOption) async throws -> Int {
                try await redis.eventLoop.flatSubmit { redis.value.channel.getOption(option) }.get()
            }
            // Linux answers in four of the eight bytes.
            #expect(try await option(.socketOption(.so_keepalive)) & 0xFFFF_FFFF == 1)
            let set = [(TCP_KEEPIDLE, 5), (TCP_KEEPINTVL, 2), (TCP_KEEPCNT, 3), (TCP_USER_TIMEOUT, 10_000)]
            for (name, value) in set {
                let found = try await option(.tcpOption(NIOBSDSocket.Option(rawValue: name)))
                #expect(found & 0xFFFF_FFFF == value, "option \(name)")
            }
            try await redis.eventLoop.submit { redis.value.close() }.get()
            let local = try await server.client()
            #expect(try await local.send(RedisCommand("PING")) == .status("PONG"))
            await local.close()
        }
    }

    @Test func `the kernel watches every TCP connection to Postgres, as the URL wants it`() throws {
        func parameters(_ url: String) throws -> [String: String] {
            let all = try PostgresEndpoint(parsing: url).libpqParameters(PostgresOptions())
            return Dictionary(all, uniquingKeysWith: { $1 })
        }
        let own = try parameters("postgres://db/flash")
        #expect(own["keepalives_idle"] == "5")
        #expect(own["keepalives_interval"] == "2")
        #expect(own["keepalives_count"] == "3")
        #expect(own["tcp_user_timeout"] == "10000")
        let given = try parameters("postgres://db/flash?keepalives_idle=60&tcp_user_timeout=0")
        #expect(given["keepalives_idle"] == "60")
        #expect(given["tcp_user_timeout"] == "0")
        #expect(given["keepalives_count"] == "3")
    }
}
