import Testing

@testable import FlashSaleKit

/// What a newer program keeps in the stores is left as it is.
@Suite(.serialized) struct StoreFormatTests {
    /// The errors of a call of each script.
    private static func refusals(_ bench: SaleBench) async throws -> [RedisError.Code] {
        let (keys, epoch) = (bench.keys, bench.epoch)
        let begin = RestoreCall.Begin(
            terms: bench.terms,
            clockFloor: bench.terms.opensAt,
            installation: "here",
            lineage: .bench
        )
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await bench.checkout([attempt("bob", 50)]) }, { _ = try await bench.purchase(id(1)) },
            { _ = try await bench.release([id(1)]) }, { _ = try await bench.expire() },
            { _ = try await bench.control(.pauseCheckout) }, { _ = try await bench.snapshot() },
            { _ = try await bench.fence(epoch + 1) },
            { _ = try await bench.restore(RestoreCall.begin(keys: keys, epoch: epoch, begin)) },
            { _ = try await bench.restore(RestoreCall.adopt(keys: keys, epoch: epoch, keysEpoch: epoch)) },
        ]
        var codes: [RedisError.Code] = []
        for call in calls {
            do {
                try await call()
            } catch let error as RedisError {
                codes.append(error.code)
            }
        }
        return codes
    }

    @Test(arguments: ["2", "1.5", "next"])
    func `every script refuses a newer sale before it looks at anything else, and writes nothing`(
        format: String
    ) async throws {
        try await withRedis { client in
            var bench = try await SaleBench.open(client)
            #expect(try await bench.letters([attempt("ann", 1)]) == "H")
            _ = try await client.send(RedisCommand("HSET", bench.keys.sale, "format", format))
            let newer = Array(repeating: RedisError.Code.newerFormat(bench.keys.saleID), count: 9)
            let before = try await bench.everything()
            #expect(try await Self.refusals(bench) == newer)
            bench.epoch = 9
            #expect(try await Self.refusals(bench) == newer, "before the epoch")
            _ = try await client.send(RedisCommand("UNLINK", bench.keys.holds))
            #expect(try await Self.refusals(bench) == newer, "before any damage")
            #expect(
                try await bench.everything() == before.map { $0.contains(":holds ") ? "\(bench.keys.holds) []" : $0 }
            )
            let error = await #expect(throws: RedisError.self) { try await bench.expire() }
            #expect(
                error?.description == "sale 1 has format \(format), this flashctl knows 1; use the newer flashctl"
            )
        }
    }

    @Test func `a sale keeps the format that it was opened with`() async throws {
        try await withRedis { client in
            var bench = try await SaleBench.open(client)
            let key = bench.keys.sale
            #expect(try await client.send(RedisCommand("HGET", key, "format")).string == "1")
            // One that was opened before there were formats.
            _ = try await client.send(RedisCommand("HDEL", key, "format"))
            #expect(try await bench.letters([attempt("ann", 1)]) == "H")
            let entry = try await client.send(RedisCommand("XREVRANGE", bench.keys.ledger, "+", "-", "COUNT", "1"))
            let read = try StreamEntry.parse(entry, from: bench.keys.ledger)
            #expect(read.map(\.format) == [1] && read[0].value(UInt8(ascii: "v")) == [UInt8(ascii: "1")])
            _ = try await bench.fence(8)
            bench.epoch = 8
            #expect(try await bench.restore(RestoreCall.adopt(keys: bench.keys, epoch: 8, keysEpoch: 7)) == .done)
            #expect(try await client.send(RedisCommand("HGET", key, "format")).string == nil)
            _ = try await bench.fence(9)
            bench.epoch = 9
            var begin = RestoreCall.Begin(
                terms: bench.terms,
                clockFloor: bench.terms.opensAt,
                installation: "here",
                lineage: .bench
            )
            begin.sequence = 2
            #expect(try await bench.restore(RestoreCall.begin(keys: bench.keys, epoch: 9, begin)) == .done)
            #expect(try await client.send(RedisCommand("HGET", key, "format")).string == "1")
        }
    }

    @Test func `a drain stops in front of a newer entry, passes it never, and goes on when a newer program has`()
        async throws
    {
        try await Shop.with { shop in
            let (sale, other) = (try await shop.openSale(), try await shop.openSale(opensAgo: 30_000))
            try await sale.checkout(["anna", "bob"], expect: "HH")
            let known = try await sale.snapshot()
            for stream in JournalStream.allCases {
                try await sale.push(stream, [("v", Array("2".utf8)), ("new", Array("shape".utf8))])
                try await sale.push(stream, [("v", Array("2".utf8)), ("new", Array("shape".utf8))])
            }
            try await sale.checkout(["carl"], expect: "H")
            try await other.checkout(["dora"], expect: "H")
            for _ in 0..<2 {
                let attempts = await #expect(throws: JournalError.self) { try await sale.drainAttempts() }
                let ledger = await #expect(throws: JournalError.self) { try await sale.drainLedger() }
                #expect(attempts?.code == .newerFormat && ledger?.code == .newerFormat)
                #expect(ledger?.description.contains("of the ledger of sale \(sale.id) has format 2") == true)
            }
            let cursors: SQL = """
                select string_agg(last_id, ' ' order by stream) from journal_cursor where sale_id = \(sale.id)
                """
            #expect(try await shop.text(cursors) == "\(known.attempts.lastID) \(known.ledger.lastID)")
            #expect(try await shop.count("select count(*) from dead_letter") == 0)
            try await other.drainAttempts()
            #expect(try await other.drainLedger().rows == 2, "other sales go on")
            let drain = sale.ledgerDrain
            await #expect(throws: JournalError.self) { try await drain.drainOnce(sale: sale.id, epoch: sale.epoch) }
            for stream in JournalStream.allCases {
                let reply = try await shop.redis.send(RedisCommand("XRANGE", stream.key(sale.keys), "-", "+"))
                let newer = try StreamEntry.parse(reply, from: "").last { $0.format == 2 }
                _ = try await shop.postgres.query(
                    """
                    update journal_cursor set last_id = \(try #require(newer).id.description)
                    where sale_id = \(sale.id) and stream = \(stream.rawValue)
                    """
                )
            }
            #expect(try await drain.drainOnce(sale: sale.id, epoch: sale.epoch).rows == 1)
            try await sale.drainAttempts()
            #expect(
                try await shop.text("select string_agg(user_id, ' ' order by user_id) from attempts")
                    == "anna bob carl dora"
            )
        }
    }

    @Test func `nothing is trimmed of a newer sale`() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 300)
            var limits = DrainLimits()
            (limits.lookEveryMilliseconds, limits.keepMilliseconds, limits.keepBytes) = (0, 0, 0)
            limits.trimEntries = 1000
            let drain = LedgerDrain(redis: shop.redis, postgres: shop.postgres, limits: limits)
            for round in 0..<200 { try await sale.checkout(["user\(round)"], expect: "H") }
            _ = try await drain.drainOnce(sale: sale.id, epoch: sale.epoch)
            let before = try await sale.snapshot().ledger.entries
            _ = try await shop.redis.send(RedisCommand("HSET", sale.keys.sale, "format", "2"))
            let error = await #expect(throws: JournalError.self) {
                try await drain.drainOnce(sale: sale.id, epoch: sale.epoch)
            }
            #expect(error?.code == .newerFormat)
            #expect(error?.message == "sale \(sale.id) has format 2, this flashctl knows 1")
            #expect(try await shop.redis.send(RedisCommand("XLEN", sale.keys.ledger)).integerValue == Int64(before))
        }
    }

    @Test func `a newer sale is left alone by a handshake, and the others go on`() async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let (newer, other) = (try await shop.openSale(), try await shop.openSale(opensAgo: 30_000))
            _ = try await shop.redis.send(RedisCommand("HSET", newer.keys.sale, "format", "2"))
            let bench = SaleBench(client: shop.redis, keys: newer.keys, epoch: newer.epoch, terms: newer.sale.terms)
            let before = try await bench.everything()
            let validated = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            #expect(validated.epochs == [other.id: other.epoch])
            let why = "sale \(newer.id) has format 2, this flashctl knows 1; use the newer flashctl"
            #expect(validated.shut == [newer.id: ShutSale(epoch: newer.epoch, why: why)])
            // A Redis that was restarted: its other sales are adopted, and a newer program finds this one in doubt.
            try await shop.stack.stopRedis()
            try await shop.stack.startRedis()
            let back = try await shop.anotherProcess()
            let again = try await Handshake(redis: back.redis, postgres: back.postgres).validate()
            #expect(again.epochs[other.id] ?? 0 > other.epoch)
            #expect(again.shut[newer.id]?.why == why)
            let kept = SaleBench(client: back.redis, keys: newer.keys, epoch: newer.epoch, terms: newer.sale.terms)
            #expect(try await kept.everything() == before)
            let records = try await back.count("select count(*) from recoveries where sale_id = \(newer.id)")
            #expect(records == 0)
            let settled = try await Handshake(redis: back.redis, postgres: back.postgres).validate()
            #expect(settled == again, "nothing is tried again")
            let report = await GuardReader(
                options: GuardOptions(hostClock: { Timestamp(seconds: 0) }),
                redis: { back.redis },
                postgres: { back.postgres }
            ).read()
            #expect(report[.sales]?.level == .critical)
            #expect(report[.sales]?.sentence == "Not sold: sale \(newer.id) has format 2, this flashctl knows 1.")
            #expect(report[.sales]?.nextStep == "Use the newer flashctl.")
        }
    }

    @Test func `a newer installation is refused by name`() async throws {
        try await Shop.with { shop in
            _ = try await shop.postgres.query("update installation set format = 2")
            let error = await #expect(throws: RecoveryError.self) {
                try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            }
            #expect(error?.code == .newerFormat)
            #expect(error?.message == "this installation has format 2, this flashctl knows 1")
            #expect(error?.nextStep == "use the newer flashctl")
            let report = await GuardReader(
                options: GuardOptions(hostClock: { Timestamp(seconds: 0) }),
                redis: { shop.redis },
                postgres: { shop.postgres }
            ).read()
            #expect(report[.schema]?.level == .critical)
        }
    }
}
