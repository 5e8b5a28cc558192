import Synchronization
import Testing

@testable import FlashSaleKit

@Suite("Inspection of a sale that sells", .serialized)
struct InspectionLoadTests {
    /// Tells those who trade and drain that enough was seen.
    private final class Flag: Sendable {
        private let isRaised = Mutex(false)

        /// Whether to go on: a test that has failed cancels what it began.
        var isDown: Bool { !Task.isCancelled && !isRaised.withLock { $0 } }

        func raise() { isRaised.withLock { $0 = true } }
    }

    /// Buys and releases until it is told to end.
    private func trade(_ sale: OpenSale, until end: Flag) async throws {
        let users = ["anna", "anna", "bob", "anna", "carl", "anna"]
        while end.isDown {
            let holds = try await sale.checkout(users)
            try await sale.purchase([holds[0], holds[2]])
            try await sale.release([holds[1], holds[4]])
        }
    }

    private func drain(_ sale: OpenSale, until end: Flag) async throws {
        let (ledger, attempts) = (sale.ledgerDrain, sale.attemptsDrain)
        while end.isDown {
            _ = try await ledger.drainOnce(sale: sale.id, epoch: sale.epoch)
            _ = try await attempts.drainOnce(sale: sale.id, epoch: sale.epoch)
            try await Task.sleep(for: .milliseconds(30))
        }
    }

    @Test("No false alarm while the user checks out, buys and gives back, and the drain goes on")
    func noFalseAlarm() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 1_000_000, limit: 1_000_000)
            let drainer = OpenSale(shop: try await shop.anotherProcess(), sale: sale.sale, epoch: sale.epoch)
            let watcher = OpenSale(shop: try await shop.anotherProcess(), sale: sale.sale, epoch: sale.epoch)
            let end = Flag()
            async let trading: Void = trade(sale, until: end)
            async let draining: Void = drain(drainer, until: end)
            var (looks, compared) = (0, 0)
            // It must not be quiet because it never looked.
            try await eventually("a look at a sale that agrees") {
                looks += 1
                let bob = try await watcher.inspect("bob")
                #expect(bob.agreement.differences.isEmpty, "\(bob.agreement)")
                if bob.agreement == .agrees { compared += 1 }
                if let hold = bob.holds.first?.id {
                    let story = try await watcher.explain(.hold(hold))
                    #expect(story.agreement.differences.isEmpty, "\(story.agreement)")
                }
                return looks >= 50 && compared > 0
            }
            end.raise()
            try await trading
            try await draining
            for process in [drainer.shop, watcher.shop] {
                await process.redis.close()
                await process.postgres.close()
            }
        }
    }

    @Test("The attempts of a user of a sale that sells are found by the index, summarized or not")
    func index() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 1)
            _ = try await shop.postgres.query(
                """
                insert into attempts (sale_id, epoch, seq, idx, at, item_id, outcome, user_id)
                select \(sale.id)::bigint, 1, 1000 + n / 100, n % 100, now(), 7, 'S', 'user' || n % 5000
                from generate_series(0, 19999) n
                """
            )
            let plan = try await shop.postgres.transaction { session in
                try session.query("set local enable_seqscan = off")
                return try session.query(
                    "explain select * from attempts where sale_id = \(sale.id) and user_id = 'user7'"
                ).map { try $0[0].text }.joined(separator: "\n")
            }
            #expect(plan.contains(AttemptsBlocks.index(of: sale.id)), "\(plan)")
            #expect(try await sale.inspect("user7").outcomes[.soldOut] == 4)
            let blocks = AttemptsBlocks(rowsBetween: 10)
            func missing() async throws -> Int {
                try await shop.count(
                    "select brin_summarize_new_values(to_regclass(\(AttemptsBlocks.index(of: sale.id))))"
                )
            }
            await blocks.wrote(9, to: sale.id)
            try await blocks.summarize(sale.id, on: shop.postgres)
            await blocks.wrote(1, to: sale.id)
            try await blocks.summarize(sale.id, on: shop.postgres)
            #expect(try await missing() == 0)
            #expect(try await sale.inspect("user7").outcomes[.soldOut] == 4)
        }
    }

    @Test("A drain goes on when its table is locked, or the index is not there")
    func summarizingIsOptional() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 1)
            let other = try await shop.anotherProcess()
            let blocks = AttemptsBlocks(rowsBetween: 1)
            let table = AttemptsBatch.partition(of: sale.id)
            async let locking: Void = other.postgres.transaction { session in
                try session.query("lock table \(identifier: table) in access exclusive mode")
                try session.query("select pg_sleep(1)")
            }
            while try await shop.count("select count(*) from pg_locks where mode = 'AccessExclusiveLock'") == 0 {
                try await Task.sleep(for: .milliseconds(10))
            }
            await blocks.wrote(1, to: sale.id)
            try await blocks.summarize(sale.id, on: shop.postgres)
            try await locking
            _ = try await shop.postgres.query("drop index \(identifier: AttemptsBlocks.index(of: sale.id))")
            await blocks.wrote(1, to: sale.id)
            try await blocks.summarize(sale.id, on: shop.postgres)
            #expect(shop.postgres.isUsable)
            try await sale.checkout(["anna", "bob"], expect: "HS")
            #expect(try await sale.drainAttempts().rows == 2)
            await other.redis.close()
            await other.postgres.close()
        }
    }

    @Test("Sales that sell when the schema is brought up to date get the index too")
    func migration() async throws {
        try await withPostgres { connection, _ in
            try await Migrator(Array(Migrations.all.prefix { !$0.name.hasSuffix("_lookups") })).migrate(connection)
            _ = try await connection.query(
                """
                insert into sales (item_name, image_url, stock, user_limit, hold_ms, opens_at, closes_at, hourly,
                    finished_at)
                values ('A', 'https://x/a.png', 3, 2, 300000, now(), now() + interval '1 h', false, null),
                    ('B', 'https://x/b.png', 3, 2, 300000, now() - interval '3 h', now(), false, now())
                """
            )
            for id in [1, 2] {
                _ = try await connection.query(
                    """
                    create table \(identifier: "attempts_s\(id)") partition of attempts for values in (\(literal: id))
                    """
                )
            }
            try await Migrator().migrate(connection)
            let found = try await connection.query(
                "select to_regclass('attempts_s1_blocks') is not null, to_regclass('attempts_s2_blocks') is not null"
            ).one()
            #expect(try found[0].bool)
            #expect(try !found[1].bool)
            let sale = try #require(SaleID(1))
            // As a sale that is seeded from now on: the same statement changes nothing.
            _ = try await connection.query(AttemptsBlocks.creation(for: sale))
            let definition = try await connection.query("select pg_get_indexdef('attempts_s1_blocks'::regclass)").one()
            #expect(try definition[0].text.contains("text_bloom_ops"))
        }
    }
}
