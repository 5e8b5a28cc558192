import Foundation
import NIOCore
import Testing

@testable import FlashSaleKit

@Suite(.timeLimit(.minutes(20))) struct RedisConnectionTests {
    @Test func `pipelined replies come in the order of the commands`() async throws {
        try await RedisTestServer.with { server in
            let replies: [Int64] = try await server.channel(.patient { $0.maximumPending = 2000 }).run { redis, done in
                var replies: [Int64] = []
                for _ in 0..<2000 {
                    redis.send(RedisCommand("INCR", "n")) { result in
                        replies.append((try? result.get().integerValue) ?? -1)
                        if replies.count == 2000 { done.succeed(replies) }
                    }
                }
            }
            #expect(replies == Array(1...2000))
        }
    }

    @Test func `commands of one tick reach the server in one read`() async throws {
        @Sendable func reads(_ reply: Result<RedisReply, RedisError>) -> Int64 {
            guard let text = (try? reply.get())?.string else { return -1 }
            return (try? RedisGuards.Info(text).number("total_reads_processed", "")) ?? -1
        }
        try await RedisTestServer.with { server in
            let (before, after): (Int64, Int64) = try await server.channel().run { redis, done in
                redis.send(RedisCommand("INFO", "stats")) { reply in
                    let before = reads(reply)
                    for _ in 0..<100 { redis.send(RedisCommand("INCR", "n")) { _ in } }
                    redis.send(RedisCommand("INFO", "stats")) { done.succeed((before, reads($0))) }
                }
            }
            #expect(before > 0)
            #expect(after - before == 1)
        }
    }

    @Test func `an early flush is answered while the loop still works on the same task`() async throws {
        try await RedisTestServer.with { server in
            let channel = try await server.channel()
            let (reply, answeredMeanwhile): (Result<RedisReply, RedisError>, Bool) = try await channel.run {
                redis,
                done in
                var answeredMeanwhile = false
                redis.send(RedisCommand("SET", "k", "v")) { done.succeed(($0, answeredMeanwhile)) }
                redis.flush()
                // Without the flush Redis would see the command only after this task.
                answeredMeanwhile = server.block(until: "k")
            }
            #expect(try reply.get() == .status("OK"))
            #expect(answeredMeanwhile)
        }
    }

    @Test func `an error reply fails its command and no other`() async throws {
        try await RedisTestServer.with { server in
            let client = try await server.client()
            #expect(try await client.send(RedisCommand("SET", "k", "text")) == .status("OK"))
            let error = try await redisError { try await client.send(RedisCommand("INCR", "k")) }
            #expect(error.code == .server("ERR"))
            #expect(error.message.contains("not an integer"))
            let raw = try await client.sendRaw(RedisCommand("LPUSH", "k", "x"))
            #expect(raw.errorText?.hasPrefix("WRONGTYPE") == true)
            let unknown = try await redisError {
                try await client.send(RedisCommand("EVALSHA", String(repeating: "0", count: 40), "0"))
            }
            #expect(unknown.code == .noScript)
            #expect(try await client.send(RedisCommand("GET", "k")).string == "text")
            #expect(client.isActive)
            await client.close()
            #expect(!client.isActive)
        }
    }

    @Test func `all bytes survive the way there and back`() async throws {
        try await RedisTestServer.with { server in
            let client = try await server.client()
            let bytes = (0...255).map { UInt8($0) } + Array("\r\n$3\r\n\0é🎟".utf8)
            let set = RedisCommand(parts: ["SET", .bytes(bytes), .buffer(ByteBuffer(bytes: bytes))])
            #expect(try await client.send(set) == .status("OK"))
            #expect(try await client.send(RedisCommand(parts: ["GET", .bytes(bytes)])) == .bulk(bytes))
            #expect(try await client.send(RedisCommand(parts: ["ECHO", .bytes([])])) == .bulk([]))
            for number in [0, 9, 10, -1, -10, Int64.max, Int64.min] {
                #expect(try await client.send(RedisCommand(parts: ["ECHO", .integer(number)])).integerValue == number)
            }
            #expect(try await client.send(RedisCommand("GET", "missing")) == .null)
        }
    }

    @Test func `big commands and big replies arrive whole`() async throws {
        try await RedisTestServer.with { server in
            let client = try await server.client()
            let bytes = (0..<(4 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            #expect(try await client.send(RedisCommand(parts: ["SET", "k", .bytes(bytes)])) == .status("OK"))
            #expect(try await client.send(RedisCommand("GET", "k")).bytes == bytes)
            let script = "local t = {} for i = 1, 50000 do t[i] = {i, tostring(i)} end return t"
            let elements = try await client.send(RedisCommand("EVAL", script, "0")).elements ?? []
            #expect(elements.count == 50_000)
            #expect(elements.last == .array([.integer(50_000), .bulk(Array("50000".utf8))]))
        }
    }

    @Test func `a reply beyond the limit ends the connection`() async throws {
        try await RedisTestServer.with { server in
            let client = try await server.client("", .patient { $0.maximumReplyBytes = 1 << 20 })
            _ = try await client.send(RedisCommand("SETRANGE", "k", "3000000", "x"))
            let error = try await redisError { try await client.send(RedisCommand("GET", "k")) }
            #expect(error.code == .protocolViolation && error.isOutcomeUnknown)
            #expect(error.message.contains("1048576 bytes"))
            let later = try await redisError { try await client.send(RedisCommand("PING")) }
            #expect(later.code == .notSent)
        }
    }

    @Test func `a message that nobody asked for ends the connection`() async throws {
        try await RedisTestServer.with { server in
            let subscriber = try await server.client()
            let publisher = try await server.client()
            _ = try await subscriber.send(RedisCommand("SUBSCRIBE", "news"))
            #expect(try await publisher.send(RedisCommand("PUBLISH", "news", "x")) == .integer(1))
            try await eventually { !subscriber.isActive }
            let error = try await redisError { try await subscriber.send(RedisCommand("PING")) }
            #expect((error.underlying as? RedisError)?.code == .protocolViolation)
        }
    }

    @Test func `commands that never left the process are not sent`() async throws {
        try await RedisTestServer.with { server in
            let codes: [RedisError.Code?] = try await server.channel().run { redis, done in
                var codes: [RedisError.Code?] = []
                redis.onClose = { codes.append($0.code) }
                for _ in 0..<2 { redis.send(RedisCommand("INCR", "n")) { codes.append($0.failure?.code) } }
                redis.close()
                redis.send(RedisCommand("INCR", "n")) { codes.append($0.failure?.code) }
                redis.onClose = { codes.append($0.code) }
                done.succeed(codes)
            }
            #expect(codes == [.notSent, .notSent, .closed, .notSent, .closed])
            #expect(try await server.client().send(RedisCommand("GET", "n")) == .null)
        }
    }

    @Test func `completions may send and close`() async throws {
        try await RedisTestServer.with { server in
            let log: [String] = try await server.channel().run { redis, done in
                var log: [String] = []
                func send(_ name: String, then: @escaping () -> Void = {}) {
                    redis.send(RedisCommand("INCR", "n")) { result in
                        log.append("\(name) \((try? result.get().integerValue).map { "\($0)" } ?? "failed")")
                        then()
                    }
                }
                redis.onClose = { _ in
                    log.append("closed, \(redis.pendingCount) pending")
                    send("too late") { done.succeed(log) }
                }
                send("first") {
                    send("from a completion") {
                        redis.close()
                        send("after close")
                    }
                }
            }
            // A connection reports its end only after the last command has failed; until then nothing is lost.
            #expect(log == ["first 1", "from a completion 2", "closed, 0 pending", "too late failed"])
        }
    }

    @Test func `a forgotten client gives its connection back`() async throws {
        try await RedisTestServer.with { server in
            let observer = try await server.client()
            func clients() async throws -> Int {
                try await observer.send(RedisCommand("CLIENT", "LIST")).string?.split(separator: "\n").count ?? 0
            }
            var forgotten: RedisClient? = try await server.client()
            #expect(forgotten?.isActive == true)
            #expect(try await clients() == 2)
            forgotten = nil
            try await eventually { try await clients() == 1 }
        }
    }
}
