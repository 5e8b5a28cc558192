import Testing

@testable import FlashSaleKit

/// The drains when connections, commits or entries are lost.
struct JournalFaultTests {
    @Test func aCommitWhoseAnswerWasLostIsFoundOut() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale()
            let holds = try await sale.checkout((0..<50).map { "user\($0)" })
            try await sale.purchase(holds)
            let (ledger, attempts) = (sale.ledgerDrain, sale.attemptsDrain)
            // The connections die at times of their own choosing; whether the commit went through is not known.
            var lost = 0
            for round in 0..<30 {
                try await sale.checkout(["late\(round)"])
                let victim = try await shop.anotherProcess()
                await ledger.use(redis: shop.redis, postgres: victim.postgres)
                await attempts.use(redis: shop.redis, postgres: victim.postgres)
                let pid = try await victim.postgres.query("select pg_backend_pid()").one()[0].int
                async let killed: Void = kill(pid, after: .microseconds(round * 200), shop)
                do {
                    _ = try await ledger.drainOnce(sale: sale.id, epoch: sale.epoch)
                    _ = try await attempts.drainOnce(sale: sale.id, epoch: sale.epoch)
                } catch let error as PostgresError {
                    lost += 1
                    #expect(!victim.postgres.isUsable, "\(error)")
                }
                try await killed
            }
            #expect(lost > 0)
            await ledger.use(redis: shop.redis, postgres: shop.postgres)
            await attempts.use(redis: shop.redis, postgres: shop.postgres)
            _ = try await OpenSale.drainAll(ledger.drainOnce, sale.id, sale.epoch)
            _ = try await OpenSale.drainAll(attempts.drainOnce, sale.id, sale.epoch)
            let record = try await SaleRecord.read(sale.id, from: shop.postgres)
            #expect(record.attempts == 80)
            #expect(record.purchases == 50)
            #expect(record.deadLetters == 0)
            #expect(record.held == 80)
        }
    }

    private func kill(_ pid: Int, after delay: Duration, _ shop: Shop) async throws {
        try await Task.sleep(for: delay)
        _ = try await shop.postgres.query("select pg_terminate_backend(\(pid)::integer)")
    }

    @Test func aPostgresOutageLosesAndDoublesNothing() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale()
            try await sale.checkout(["anna", "bob"])
            let (ledger, attempts) = (sale.ledgerDrain, sale.attemptsDrain)
            let holds = try await sale.checkout(["carl"])
            let claim = PurchaseCall.command(keys: sale.keys, epoch: sale.epoch, claims: [.init(holdID: holds[0])])
            try await shop.stack.killPostgres()
            for drain in [ledger.drainOnce, attempts.drainOnce] {
                await #expect(throws: PostgresError.self) { _ = try await drain(sale.id, sale.epoch) }
            }
            // Redis goes on deciding meanwhile.
            _ = try PurchaseCall.parse(try await shop.redis.send(claim), count: 1)
            try await shop.stack.startPostgres()
            let postgres = try await Shop.connectPostgres(shop.stack)
            await ledger.use(redis: shop.redis, postgres: postgres)
            await attempts.use(redis: shop.redis, postgres: postgres)
            let drained = try await OpenSale.drainAll(ledger.drainOnce, sale.id, sale.epoch)
            _ = try await OpenSale.drainAll(attempts.drainOnce, sale.id, sale.epoch)
            #expect(drained.purchases.map(\.holdID) == holds)
            let record = try await SaleRecord.read(sale.id, from: postgres)
            #expect(record.attempts == 3)
            #expect(record.purchases == 1)
        }
    }

    @Test func trimmingLagsBehindTheDrainAndIsOnRecordBefore() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 1)
            // Redis trims whole nodes of up to 100 entries.
            for round in 0..<300 { try await sale.checkout(["user\(round)"]) }
            var limits = DrainLimits()
            limits.lookEveryMilliseconds = 0
            limits.entries = 50
            let patient = AttemptsDrain(redis: shop.redis, postgres: shop.postgres, limits: limits)
            _ = try await OpenSale.drainAll(patient.drainOnce, sale.id, sale.epoch)
            let kept = try await sale.snapshot()
            #expect(kept.attempts.entries == 300, "nothing is older than 120 s")
            #expect(kept.trimmedToAttempts == "0-0")

            limits.keepMilliseconds = 0
            try await sale.waitForNextSecond()
            let eager = AttemptsDrain(redis: shop.redis, postgres: shop.postgres, limits: limits)
            try await sale.checkout(["undrained"])
            _ = try await eager.drainOnce(sale: sale.id, epoch: sale.epoch)
            _ = try await eager.drainOnce(sale: sale.id, epoch: sale.epoch)
            let trimmed = try await sale.snapshot()
            #expect(trimmed.attempts.entries <= 201)
            let mark = try #require(StreamID(trimmed.trimmedToAttempts))
            let last = try #require(StreamID(trimmed.attempts.lastID))
            #expect(mark > .zero && mark <= last)
            let first = StreamID(trimmed.attempts.firstID)
            #expect(first.map { $0 > kept.attempts.firstStreamID } ?? true)
            #expect(try await shop.count("select count(*) from attempts") == 301)
        }
    }

    @Test func theFirstTurnNeverTrimsWhatIsNotCommitted() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 1)
            for round in 0..<20 { try await sale.checkout(["user\(round)"]) }
            var limits = DrainLimits()
            limits.lookEveryMilliseconds = 0
            limits.keepMilliseconds = 0
            limits.keepBytes = 0
            limits.entries = 3
            try await sale.waitForNextSecond()
            let drain = AttemptsDrain(redis: shop.redis, postgres: shop.postgres, limits: limits)
            _ = try await OpenSale.drainAll(drain.drainOnce, sale.id, sale.epoch)
            #expect(try await shop.count("select count(*) from attempts") == 20)
        }
    }

    @Test func aCursorBehindTheTrimmedPartStopsTheDrain() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale()
            try await sale.checkout(["anna"])
            try await sale.drainAttempts()
            let last = try await sale.snapshot().attempts.lastID
            _ = try await shop.redis.send(RedisCommand("HSET", sale.keys.sale, "trimmed_to_attempts", last))
            // Postgres was restored from a backup: its cursor is older than what Redis has given away.
            _ = try await shop.postgres.query("update journal_cursor set last_id = '5-0' where stream = 'attempts'")
            let error = await #expect(throws: JournalError.self) { try await sale.drainAttempts() }
            #expect(error?.code == .trimmedPastCursor)
            #expect(error?.description.contains("flashctl reconcile") == true)
            // The ledger is not concerned.
            #expect(try await sale.drainLedger().rows == 2)
        }
    }

    @Test func anOldPostgresIsNotedEvenByADrainThatRemembersItsCursor() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale()
            try await sale.checkout(["anna"])
            let drain = sale.attemptsDrain
            _ = try await drain.drainOnce(sale: sale.id, epoch: sale.epoch)
            _ = try await shop.postgres.query("update journal_cursor set last_id = '5-0' where stream = 'attempts'")
            _ = try await shop.postgres.query("delete from attempts")
            try await sale.checkout(["bob"])
            // The comparison in the transaction fails; the stream still has everything, so it is drained again.
            _ = try await OpenSale.drainAll(drain.drainOnce, sale.id, sale.epoch)
            #expect(try await shop.text("select string_agg(user_id, ' ' order by seq) from attempts") == "anna bob")
        }
    }
}

extension SaleSnapshot.Stream {
    fileprivate var firstStreamID: StreamID { StreamID(firstID) ?? .zero }
}
