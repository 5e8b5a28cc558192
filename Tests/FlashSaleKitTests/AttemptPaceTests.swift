import Testing

@testable import FlashSaleKit

/// Attempts in a second, read from the end of a stream in a real Redis.
@Suite(.serialized) struct AttemptPaceTests {
    /// The present of these tests, in seconds.
    private static let now: Int64 = 1_000_000
    private static let key = "fs:{7}:attempts"

    private struct Stream: Sendable {
        let redis: RedisClient

        /// Writes a batch, so many milliseconds ago.
        func add(ago: Int64, count: Int, letters: String, sold: Int = 0) async throws {
            let time = AttemptPaceTests.now * 1000 - ago
            _ = try await redis.send(
                RedisCommand(
                    "XADD",
                    AttemptPaceTests.key,
                    "\(time)-*",
                    "e",
                    "1",
                    "q",
                    "1",
                    "t",
                    "\(time * 1000)",
                    "n",
                    "\(count)",
                    "f",
                    "0",
                    "h",
                    "0",
                    "s",
                    "\(sold)",
                    "o",
                    letters,
                    "p",
                    "u\t1\n"
                )
            )
        }

        func pace(opensAt: Int64 = 0) async throws -> AttemptPace? {
            try await AttemptPaceReader(redis: redis).read(
                try #require(SaleID(7)),
                now: Timestamp(seconds: AttemptPaceTests.now),
                opensAt: Timestamp(seconds: opensAt)
            )
        }
    }

    private func withStream(_ body: @Sendable (Stream) async throws -> Void) async throws {
        try await LocalStack.withTemporary { stack in
            let redis = try await Shop.connectRedis(stack)
            try await body(Stream(redis: redis))
            await redis.close()
        }
    }

    @Test func `an empty stream has no pace and no earlier count`() async throws {
        try await withStream { stream in
            let pace = try #require(try await stream.pace())
            #expect(pace.entries == 0 && pace.perSecond == 0 && pace.earlier == nil)
            #expect(pace.seconds == 10)
        }
    }

    @Test func `batches of the last ten seconds are counted by outcome`() async throws {
        try await withStream { stream in
            try await stream.add(ago: 61_000, count: 1000, letters: "S", sold: 1)
            try await stream.add(ago: 59_000, count: 1000, letters: "S", sold: 5)
            try await stream.add(ago: 11_000, count: 1000, letters: "S", sold: 6)
            try await stream.add(ago: 9000, count: 40, letters: "S", sold: 7)
            // h repeats a hold, O was not decided: neither has a record.
            try await stream.add(ago: 8000, count: 8, letters: "HHSLBBhO", sold: 8)
            try await stream.add(ago: 5, count: 1, letters: "H", sold: 9)
            let pace = try #require(try await stream.pace())
            #expect(pace.entries == 3 && pace.seconds == 10)
            #expect(pace.outcomes == [.held: 3, .soldOut: 41, .userLimit: 1, .banned: 2])
            #expect(pace.perSecond(.soldOut) == 4.1 && pace.perSecond == 4.7)
            #expect(pace.earlier == AttemptPace.Mark(at: Timestamp(seconds: AttemptPaceTests.now - 59), sold: 5))
        }
    }

    @Test func `a sale that has just opened is not diluted`() async throws {
        try await withStream { stream in
            try await stream.add(ago: 1000, count: 100, letters: "S")
            #expect(try await stream.pace(opensAt: AttemptPaceTests.now - 2)?.perSecond == 50)
            #expect(try await stream.pace(opensAt: AttemptPaceTests.now + 5)?.seconds == 0.001)
        }
    }

    @Test func `of more entries than may be looked at the youngest count`() async throws {
        try await withStream { stream in
            let most = AttemptPaceReader.portion * AttemptPaceReader.calls
            // One batch of 10 each 2 ms.
            for index in 0..<(most + 50) {
                try await stream.add(ago: Int64(most + 50 - index) * 2, count: 10, letters: "S")
            }
            let pace = try #require(try await stream.pace())
            #expect(pace.entries == most)
            #expect(pace.outcomes[.soldOut] == most * 10)
            #expect(abs(pace.seconds - Double(most) * 0.002) < 0.001)
            #expect(abs(pace.perSecond - 5000) < 50)
        }
    }

    @Test func `entries that nobody understands count for nothing`() async throws {
        try await withStream { stream in
            _ = try await stream.redis.send(
                RedisCommand("XADD", AttemptPaceTests.key, "\(AttemptPaceTests.now * 1000 - 5)-1", "a", "b")
            )
            let pace = try #require(try await stream.pace())
            #expect(pace.entries == 1 && pace.perSecond == 0 && pace.earlier == nil)
        }
    }

    @Test func `a key of another type has no pace`() async throws {
        try await withStream { stream in
            _ = try await stream.redis.send(RedisCommand("SET", AttemptPaceTests.key, "x"))
            #expect(try await stream.pace() == nil)
        }
    }
}
