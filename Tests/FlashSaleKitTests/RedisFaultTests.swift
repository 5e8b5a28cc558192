import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import FlashSaleKit

@Suite(.timeLimit(.minutes(20))) struct RedisFaultTests {
    @Test func `a killed server fails every pending command as closed`() async throws {
        try await RedisTestServer.with { server in
            let channel = try await server.channel()
            try await server.pause()
            let codes: [RedisError.Code?] = try await channel.run { redis, done in
                var codes: [RedisError.Code?] = []
                redis.onClose = {
                    codes.append($0.code)
                    done.succeed(codes)
                }
                for _ in 0..<100 { redis.send(RedisCommand("INCR", "n")) { codes.append($0.failure?.code) } }
                // After the flush of this tick.
                redis.eventLoop.scheduleTask(in: .milliseconds(20)) { server.kill() }
            }
            #expect(codes == Array(repeating: .closed, count: 101))
        }
    }

    @Test func `a stopped server fails all commands by the command timeout`() async throws {
        try await RedisTestServer.with { server in
            let client = try await server.client("", .patient { $0.commandTimeout = .seconds(1) })
            try await server.pause()
            let start = ContinuousClock.now
            let failures = try await withThrowingTaskGroup(of: (error: RedisError, connected: Bool).self) { group in
                for _ in 0..<10 {
                    group.addTask {
                        let error = try await redisError { try await client.send(RedisCommand("INCR", "n")) }
                        return (error, client.isActive)
                    }
                }
                return try await group.reduce(into: [(error: RedisError, connected: Bool)]()) { $0.append($1) }
            }
            #expect(ContinuousClock.now - start >= .seconds(1))
            #expect(failures.count == 10)
            #expect(failures.allSatisfy { $0.error.code == .timeout && $0.error.isOutcomeUnknown })
            #expect(failures.first?.error.message.contains(server.layout.redisSocket) == true)
            // One timeout for all ten, not ten in turn: with the first of them the connection is over.
            #expect(failures.allSatisfy { !$0.connected })
            #expect(!client.isActive)
            let later = try await redisError { try await client.send(RedisCommand("PING")) }
            #expect(later.code == .notSent && !later.isOutcomeUnknown)
        }
    }

    @Test func `an idle connection does not time out`() async throws {
        try await RedisTestServer.with { server in
            let client = try await server.client("", .patient { $0.commandTimeout = .seconds(2) })
            try await Task.sleep(for: .milliseconds(2200))
            #expect(try await client.send(RedisCommand("PING")) == .status("PONG"))
        }
    }

    @Test func `a loop that was busy for longer than the command timeout reads the reply first`() async throws {
        try await RedisTestServer.with { server in
            // A loop of its own: here the tasks of other tests would delay the reading further.
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let channel = try await server.channel(.patient { $0.commandTimeout = .milliseconds(400) }, on: group)
            let reply: Result<RedisReply, RedisError> = try await channel.run { redis, done in
                redis.send(RedisCommand("SET", "k", "v")) { done.succeed($0) }
                // Runs right after the flush of this tick.
                redis.eventLoop.execute {
                    #expect(server.block(until: "k"))
                    Thread.sleep(forTimeInterval: 0.5)
                }
            }
            #expect(try reply.get() == .status("OK"))
            try await group.shutdownGracefully()
        }
    }

    @Test func `a command beyond the limit is overloaded at once and the others are answered`() async throws {
        try await RedisTestServer.with { server in
            let channel = try await server.channel(.patient { $0.maximumPending = 3 })
            try await server.pause()
            let log: [String] = try await channel.run { redis, done in
                var log: [String] = []
                for number in 1...5 {
                    redis.send(RedisCommand("INCR", "n")) { result in
                        switch result {
                        case .success(let reply): log.append("\(number) \(reply.integerValue ?? -1)")
                        case .failure(let error): log.append("\(number) \(error.code)")
                        }
                        if log.count == 5 { done.succeed(log) }
                    }
                }
                server.resume()
            }
            #expect(log == ["4 overloaded", "5 overloaded", "1 1", "2 2", "3 3"])
        }
    }

    @Test func `a connection that the server closes fails its commands`() async throws {
        try await RedisTestServer.with { server in
            let client = try await server.client()
            let other = try await server.client()
            let id = try await client.send(RedisCommand("CLIENT", "ID")).integerValue ?? 0
            async let waiting = redisError { try await client.send(RedisCommand("BLPOP", "list", "0")) }
            var clients = ""
            while !clients.contains("cmd=blpop") {
                clients =
                    try await other.send(RedisCommand(parts: ["CLIENT", "LIST", "ID", .integer(id)])).string ?? ""
            }
            _ = try await other.send(RedisCommand(parts: ["CLIENT", "KILL", "ID", .integer(id)]))
            #expect(try await waiting.code == .closed)
        }
    }

    @Test func `nobody listening is a connect failure that says where and what to do`() async throws {
        let error = try await redisError {
            try await RedisClient.connect(
                to: RedisEndpoint(parsing: "unix:///nowhere/redis.sock"),
                on: .singletonMultiThreadedEventLoopGroup,
                logger: quietLogger
            )
        }
        #expect(error.code == .connectFailed)
        #expect(error.message.contains("/nowhere/redis.sock"))
        #expect(error.nextStep?.contains("REDIS_URL") == true)
    }

    @Test func `a stopped server cannot be connected to, within the connect timeout`() async throws {
        try await RedisTestServer.with { server in
            try await server.pause()
            let start = ContinuousClock.now
            let error = try await redisError {
                try await server.client("", .patient { $0.connectTimeout = .milliseconds(200) })
            }
            let elapsed = ContinuousClock.now - start
            #expect(error.code == .connectFailed)
            #expect((error.underlying as? RedisError)?.code == .timeout)
            #expect(elapsed >= .milliseconds(200), "took \(elapsed)")
        }
    }

    /// The server writes its reason and closes at once. When our first command crosses that on its way, the system
    /// reports a broken connection and the words are lost; the hint must do then.
    @Test func `a server without room for clients is a connect failure that names the limit`() async throws {
        try await RedisTestServer.with { server in
            let client = try await server.client()
            _ = try await client.send(RedisCommand("CONFIG", "SET", "maxclients", "1"))
            let error = try await redisError { try await server.client() }
            #expect(error.code == .connectFailed)
            let hint = error.nextStep?.contains("maxclients") == true
            #expect(error.description.contains("max number of clients") || hint, "\(error)")
        }
    }
}
