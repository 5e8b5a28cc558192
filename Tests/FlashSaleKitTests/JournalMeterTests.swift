import Testing

@testable import FlashSaleKit

/// How much of the journal waits, measured on a real Redis.
@Suite(.serialized) struct JournalMeterTests {
    private func lag(
        _ sale: OpenSale,
        _ stream: JournalStream,
        _ meter: JournalMeter = JournalMeter()
    ) async throws -> JournalLag {
        let positions = try await JournalPositions.read(sale.shop.postgres)
        let now = try await RedisTime.read(sale.shop.redis)
        let lags = try await meter.measure(positions, redis: sale.shop.redis, now: now)
        return try #require(lags.first { $0.saleID == sale.id && $0.stream == stream })
    }

    @Test func `what waits is counted, and nothing when all is drained`() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 1000, limit: 1000)
            for round in 0..<7 { try await sale.checkout(["user\(round)", "other\(round)"]) }
            let before = try await lag(sale, .attempts)
            #expect(before.entries == 7)
            #expect((200...5000).contains(before.bytes))
            // The entry of the opening, and a batch of holds each time.
            #expect(try await lag(sale, .ledger).entries == 8)
            try await eventually { try await lag(sale, .attempts).seconds > 0.05 }
            try await sale.drainAttempts()
            #expect(try await lag(sale, .attempts) == JournalLag(saleID: sale.id, stream: .attempts))
            try await sale.checkout(["last"])
            #expect(try await lag(sale, .attempts).entries == 1)
        }
    }

    @Test func `a long backlog is counted without being read`() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 1000, limit: 1000)
            try await sale.checkout(["first"])
            try await sale.drainAttempts()
            for round in 0..<350 { try await sale.checkout((0..<5).map { "user\(round)-\($0)" }) }
            let waiting = try await lag(sale, .attempts)
            #expect(waiting.entries == 350)
            let memory = Int(
                try await shop.redis.send(RedisCommand("MEMORY", "USAGE", sale.keys.attempts)).integerValue ?? 0
            )
            #expect((memory / 4...memory * 4).contains(waiting.bytes), "\(waiting.bytes) of \(memory)")
        }
    }

    @Test func `a stream that was made anew is counted right once little was waiting`() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 5000, limit: 5000)
            // As after a rebuild: Postgres has counted 10,000 entries of which this stream never heard.
            _ = try await shop.postgres.query("update journal_cursor set drained_entries = 10000")
            let meter = JournalMeter()
            #expect(try await lag(sale, .attempts, meter).entries == 0)
            for round in 0..<150 { try await sale.checkout(["user\(round)"]) }
            #expect(try await lag(sale, .attempts, meter).entries == 150)
            // Who comes later does not know the difference: then it is all that the stream has, never less.
            #expect(try await lag(sale, .attempts).entries == 150)
        }
    }

    @Test func `while Postgres was never asked, everything that a stream has counts as waiting`() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 5000, limit: 5000)
            for round in 0..<130 { try await sale.checkout(["user\(round)"]) }
            try await sale.drainAttempts()
            let nothing = JournalPositions().covering([sale.id])
            #expect(nothing.sales == [sale.id])
            let meter = JournalMeter()
            let now = try await RedisTime.read(shop.redis)
            let lags = try await meter.measure(nothing, redis: shop.redis, now: now)
            #expect(lags.first { $0.stream == .attempts }?.entries == 130)
            // What was learnt without Postgres is not believed when it is back.
            #expect(try await lag(sale, .attempts, meter).entries == 0)
            let known = try await JournalPositions.read(shop.postgres)
            #expect(known.covering([sale.id]).all.count == known.all.count)
        }
    }

    @Test func `a key of another type is no lag`() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale()
            _ = try await shop.redis.send(RedisCommand("SET", sale.keys.attempts, "x"))
            let positions = try await JournalPositions.read(shop.postgres)
            #expect(positions.sales == [sale.id])
            let now = try await RedisTime.read(shop.redis)
            let lags = try await JournalMeter().measure(positions, redis: shop.redis, now: now)
            #expect(lags.map(\.stream) == [.ledger])
        }
    }

    @Test func `when memory is short drained entries leave Redis sooner`() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 5000, limit: 5000)
            for round in 0..<300 { try await sale.checkout(["user\(round)"]) }
            var limits = DrainLimits()
            limits.keepMilliseconds = 3_600_000
            limits.keepWhenShortMilliseconds = 1
            limits.lookEveryMilliseconds = 0
            let drain = AttemptsDrain(redis: shop.redis, postgres: shop.postgres, limits: limits)
            _ = try await OpenSale.drainAll(drain.drainOnce, sale.id, sale.epoch)
            func length() async throws -> Int {
                Int(try await shop.redis.send(RedisCommand("XLEN", sale.keys.attempts)).integerValue ?? 0)
            }
            #expect(try await length() == 300)
            await drain.hurry(true)
            try await sale.waitForNextSecond()
            for _ in 0..<3 { _ = try await drain.drainOnce(sale: sale.id, epoch: sale.epoch) }
            #expect(try await length() < 150)
            await drain.hurry(false)
            for round in 0..<200 { try await sale.checkout(["late\(round)"]) }
            let before = try await length()
            for _ in 0..<3 { _ = try await drain.drainOnce(sale: sale.id, epoch: sale.epoch) }
            #expect(try await length() == before)
        }
    }
}
