import Testing

@testable import FlashSaleKit

/// From Redis to Postgres, exactly once, on real stores.
struct JournalDrainTests {
    @Test func everyDecisionIsRecordedOnceWithItsReason() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 3, limit: 2)
            let holds = try await sale.checkout(["anna", "anna", "anna", "bob", "carl"], expect: "HHLHS")
            try await sale.checkout(["dora", "emil"], expect: "SS")
            #expect(try await sale.purchase([holds[0]], ticket: "GOLD") == [.purchased])
            #expect(try await sale.release([holds[1]]) == [.released])

            let attempts = try await sale.drainAttempts()
            #expect(attempts.rows == 7)
            let ledger = try await sale.drainLedger()
            #expect(ledger.purchases.map(\.holdID) == [holds[0]])
            #expect(ledger.purchases.map(\.unit) == [1])
            // Draining again finds nothing, with these drains and with new ones.
            #expect(try await sale.drainAttempts().rows == 0)
            #expect(try await sale.drainLedger().rows == 0)

            let summary = try await shop.text(
                """
                select string_agg(user_id || outcome::text, ' ' order by seq, idx) from attempts
                where sale_id = \(sale.id)
                """
            )
            #expect(summary == "annaH annaH annaL bobH carlS doraS emilS")
            let kinds = try await shop.text(
                """
                select string_agg(kind || coalesce(' ' || user_id, ''), ',' order by epoch, seq, idx) from ledger
                where sale_id = \(sale.id)
                """
            )
            #expect(kinds == "opened,held anna,held anna,held bob,purchased anna,released anna")
            let record = try await SaleRecord.read(sale.id, from: shop.postgres)
            #expect(record.outcomes == [.held: 3, .userLimit: 1, .soldOut: 3])
            #expect(record.purchases == 1)
            let row = try await shop.postgres.query("select * from purchases").one()
            #expect(try row["ticket"].text == "GOLD")
            #expect(try row["sale_stock"].int == 3)
            #expect(try row["user_slot"].int == 1)
            #expect(try row["item_id"].int64 == 7)
            #expect(try row["hold_id"].holdID == holds[0])
            // Time and deadline are those of Redis, to the microsecond.
            let deadline = try await shop.postgres.query(
                "select deadline, at from ledger where kind = 'held' order by seq, idx limit 1"
            ).one()
            #expect(try deadline["deadline"].timestamp == deadline["at"].timestamp.adding(milliseconds: 60_000))
        }
    }

    @Test func racingDrainersWriteEachEntryOnce() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 100, limit: 1)
            for round in 0..<60 {
                try await sale.checkout((0..<20).map { "user\(round * 20 + $0)" })
            }
            var limits = DrainLimits()
            limits.entries = 3
            try await withThrowingTaskGroup(of: Void.self) { [limits] group in
                for _ in 0..<3 {
                    let other = try await shop.anotherProcess()
                    group.addTask {
                        let attempts = AttemptsDrain(redis: other.redis, postgres: other.postgres, limits: limits)
                        let ledger = LedgerDrain(redis: other.redis, postgres: other.postgres, limits: limits)
                        _ = try await OpenSale.drainAll(attempts.drainOnce, sale.id, sale.epoch)
                        _ = try await OpenSale.drainAll(ledger.drainOnce, sale.id, sale.epoch)
                    }
                }
                try await group.waitForAll()
            }
            let record = try await SaleRecord.read(sale.id, from: shop.postgres)
            #expect(record.outcomes == [.held: 100, .soldOut: 1100])
            #expect(record.held == 100)
            let distinct = try await shop.count(
                "select count(distinct (epoch, seq, idx)) from attempts where sale_id = \(sale.id)"
            )
            #expect(distinct == 1200)
            let rows = try await shop.count(
                "select drained_rows from journal_cursor where sale_id = \(sale.id) and stream = 'attempts'"
            )
            #expect(rows == 1200)
        }
    }

    @Test func aLockedCursorIsReportedAsBusyAndNothingIsWritten() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale()
            try await sale.checkout(["anna"])
            let other = try await shop.anotherProcess()
            _ = try await other.postgres.query("begin")
            _ = try await other.postgres.query("select 1 from journal_cursor for update")
            let attempts = try await sale.attemptsDrain.drainOnce(sale: sale.id, epoch: sale.epoch)
            let ledger = try await sale.ledgerDrain.drainOnce(sale: sale.id, epoch: sale.epoch)
            #expect(attempts.busy && ledger.busy)
            #expect(attempts.rows == 0 && ledger.rows == 0)
            _ = try await other.postgres.query("rollback")
            #expect(try await sale.drainAttempts().rows == 1)
            #expect(try await sale.drainLedger().rows == 2)
        }
    }

    @Test func aRaisedEpochStopsAnOldDrainer() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale()
            try await sale.checkout(["anna"])
            let (ledger, attempts) = (sale.ledgerDrain, sale.attemptsDrain)
            _ = try await ledger.drainOnce(sale: sale.id, epoch: sale.epoch)
            _ = try await attempts.drainOnce(sale: sale.id, epoch: sale.epoch)
            try await sale.checkout(["bob"])
            // The old drainers still remember their cursors: the comparison in the transaction must stop them.
            _ = try await shop.postgres.query("update journal_cursor set epoch = epoch + 1")
            for drain in [ledger.drainOnce, attempts.drainOnce] {
                let error = await #expect(throws: JournalError.self) { _ = try await drain(sale.id, sale.epoch) }
                #expect(error?.code == .fenced)
            }
            #expect(try await shop.count("select count(*) from attempts") == 1)
            #expect(try await shop.count("select count(*) from ledger where kind = 'held'") == 1)
            // Whoever knows the new epoch goes on where the old one stopped, once Redis is there too.
            _ = try await shop.redis.send(RedisCommand("HSET", sale.keys.sale, "epoch", "\(sale.epoch + 1)"))
            _ = try await sale.attemptsDrain.drainOnce(sale: sale.id, epoch: sale.epoch + 1)
            #expect(try await shop.count("select count(*) from attempts") == 2)
        }
    }

    @Test func theLastPartialBatchNeedsNoFurtherEntry() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale()
            try await sale.checkout(["anna"])
            let result = try await sale.attemptsDrain.drainOnce(sale: sale.id, epoch: sale.epoch)
            #expect(result.rows == 1)
            #expect(!result.more)
            #expect(result.lastID?.description == (try await sale.snapshot().attempts.lastID))
        }
    }

    @Test func purchasesAreAnnouncedAfterTheirCommit() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale()
            let endpoint = try PostgresEndpoint(parsing: shop.stack.postgresURL)
            let payloads = PostgresListener.listen(
                endpoint,
                LedgerDrain.purchasesChannel,
                logger: Shop.logger
            )
            var iterator = payloads.makeAsyncIterator()
            #expect(await iterator.next()?.isEmpty == true, "connected")
            let holds = try await sale.checkout(["anna"])
            try await sale.purchase(holds)
            try await sale.drainLedger()
            #expect(await iterator.next() == "\(sale.id)")
            #expect(try await shop.count("select count(*) from purchases") == 1)
        }
    }

    /// Every time somebody else is faster: the stream has not ended, whatever this turn has got.
    @Test func losingEveryRaceForTheCursorIsBusyAndNotTheEnd() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale()
            for round in 0..<5 { try await sale.checkout(["user\(round)"]) }
            let drain = JournalDrain(
                .attempts,
                redis: shop.redis,
                postgres: shop.postgres,
                limits: DrainLimits()
            ) { portion, postgres in
                let first = try #require(portion.entries.first)
                _ = try await postgres.query(
                    """
                    update journal_cursor set last_id = \(first.id.description)
                    where sale_id = \(portion.saleID) and stream = 'attempts'
                    """
                )
                return nil
            }
            let lost = try await drain.drainOnce(sale.id, sale.epoch)
            #expect(lost.entries == 0)
            #expect(lost.busy)
            // The next turn loses twice more; then the others have taken everything, and that is the end.
            let end = try await drain.drainOnce(sale.id, sale.epoch)
            #expect(end.entries == 0)
            #expect(!end.busy)
        }
    }
}
