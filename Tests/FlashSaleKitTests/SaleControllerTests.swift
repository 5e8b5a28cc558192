import Testing

@testable import FlashSaleKit

/// What operators change: decided in Redis, recorded once in Postgres, whoever brings it there.
@Suite(.serialized) struct SaleControllerTests {
    private func request(_ operation: ControlCall.Operation, why: String = "because") throws -> ControlCall.Request {
        try #require(ControlCall.Request(operation, who: "ops@host", why: why))
    }

    private func apply(_ operation: ControlCall.Operation, _ open: OpenSale) async throws -> SaleController.Change {
        try await SaleController(redis: open.shop.redis).apply(
            try request(operation),
            to: open.id,
            epoch: open.epoch,
            confirmed: try await open.shop.store.now()
        )
    }

    private static let operations: [ControlCall.Operation] = [
        .resumeCheckout, .pauseCheckout, .pauseCheckout, .pausePurchase, .resumeCheckout, .resumePurchase,
        .unban(user: "bob"), .ban(user: "bob"), .ban(user: "bob"), .unban(user: "bob"), .lowerLimit(11),
        .lowerLimit(10), .lowerLimit(3), .lowerLimit(3), .lowerLimit(4), .finish, .withdraw(sequence: 0),
    ]

    @Test func aPreviewSaysWhatTheScriptThenDoes() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale(limit: 10)
            let controller = SaleController(redis: shop.redis)
            for operation in Self.operations {
                let snapshot = try #require(try await controller.snapshot(of: open.id))
                let preview = try await controller.preview(operation, in: snapshot, of: open.id)
                #expect(try await controller.snapshot(of: open.id)?.sequence == snapshot.sequence, "it writes nothing")
                let change = try await apply(operation, open)
                #expect(change.outcome == preview.outcome, "\(operation)")
                #expect(change.epoch == open.epoch && change.sale == open.id)
            }
        }
    }

    @Test func eachChangeIsInTheLogOnceWithItsTime() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale(limit: 10)
            var changes: [SaleController.Change] = []
            for operation in Self.operations { changes.append(try await apply(operation, open)) }
            let made = changes.filter { $0.outcome == .changed }
            let log = ControlLog(postgres: shop.postgres)
            #expect(try await log.entries(of: open.id).isEmpty, "the journal has not been drained yet")
            #expect(try await log.settle(made, redis: shop.redis))
            try await open.drainLedger()
            let entries = try await log.entries(of: open.id)
            #expect(entries.map(\.action) == made.map(\.operation.name))
            #expect(entries.map(\.value) == made.map(\.operation.value))
            #expect(entries.map(\.at) == made.map(\.at))
            #expect(entries.allSatisfy { $0.actor == "ops@host" && $0.reason == "because" })
            #expect(try await log.latest(.lowerLimit(3), of: open.id)?.at == made.last?.at)
            #expect(try await log.latest(.ban(user: "carl"), of: open.id) == nil)
            #expect(try await shop.count("select count(*) from dead_letter") == 0)
        }
    }

    /// A refused row makes the drain write row by row; the log then has the others, and once.
    @Test func theLogIsRightWhenTheDrainWritesRowByRow() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale()
            _ = try await apply(.pauseCheckout, open)
            let holds = try await apply(.resumeCheckout, open)
            #expect(holds.outcome == .changed)
            // A step that exists already.
            try await open.pushLedger("control", "0\tcheckout_paused\t1\tsomebody\tforged\n", seq: 2)
            _ = try await apply(.ban(user: "bob"), open)
            try await open.drainLedger()
            let actions = try await ControlLog(postgres: shop.postgres).entries(of: open.id).map(\.action)
            #expect(actions == ["pause_checkout", "resume_checkout", "ban"])
            #expect(try await shop.count("select count(*) from dead_letter") == 1)
        }
    }

    /// A reconciliation writes a row of the ledger that somebody has removed once more.
    @Test func aRowThatIsWrittenAgainIsLoggedOnce() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale()
            _ = try await apply(.pauseCheckout, open)
            _ = try await apply(.ban(user: "bob"), open)
            try await open.drainLedger()
            _ = try await shop.postgres.query("create temp table kept as select * from ledger where seq > 1")
            _ = try await shop.postgres.query("alter table ledger disable trigger ledger_append_only")
            _ = try await shop.postgres.query("delete from ledger where seq > 1")
            let rows = try await shop.postgres.query("insert into ledger select * from kept").affected
            #expect(rows == 2)
            let actions = try await ControlLog(postgres: shop.postgres).entries(of: open.id).map(\.action)
            #expect(actions == ["pause_checkout", "ban"])
        }
    }

    @Test func theEndOfASaleIsNoChangeOfAnOperator() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale()
            try await open.end()
            #expect(try await apply(.finish, open).outcome == .changed)
            try await open.drainLedger()
            #expect(try await shop.count("select count(*) from ledger where kind = 'control'") == 1)
            #expect(try await shop.count("select count(*) from control_log") == 0)
            let over = try await #require(throws: ScheduleError.self) { try await apply(.pauseCheckout, open) }
            #expect(over.code == .finished)
        }
    }

    @Test func anOtherEpochIsRefusedAndChangesNothing() async throws {
        try await Shop.with { shop in
            var open = try await shop.openSale()
            open.epoch += 1
            let error = try await #require(throws: RecoveryError.self) { try await apply(.pauseCheckout, open) }
            #expect(error.code == .superseded)
            #expect(try await open.snapshot().checkoutPaused == false)
        }
    }

    @Test func aClockThatJumpedNeedsTheConfirmationOfPostgres() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale()
            let past = try await shop.store.now().adding(milliseconds: -60_000).microseconds
            _ = try await shop.redis.send(RedisCommand("HSET", open.keys.sale, "now_us", "\(past)"))
            let controller = SaleController(redis: shop.redis)
            let error = try await #require(throws: ScheduleError.self) {
                try await controller.apply(
                    try request(.pauseCheckout),
                    to: open.id,
                    epoch: open.epoch,
                    confirmed: nil
                )
            }
            #expect(error.code == .clocksDiffer)
            #expect(try await apply(.pauseCheckout, open).outcome == .changed)
        }
    }

    @Test func onlyTheRunThatWasBlessedIsTrustedWithoutPostgres() async throws {
        try await Shop.with { shop in
            let controller = SaleController(redis: shop.redis)
            func isTrusted() async -> Bool {
                (try? await controller.requireBlessedRun(allowNoAOF: false)) != nil
            }
            #expect(await !isTrusted(), "nobody has blessed it yet")
            let handshake = Handshake(redis: shop.redis, postgres: shop.postgres)
            _ = try await handshake.validate()
            #expect(await isTrusted())
            // Whoever blessed it was killed before the note: the next validation writes it.
            _ = try await shop.redis.send(RedisCommand("DEL", BlessedRun.key))
            #expect(await !isTrusted())
            _ = try await handshake.validate()
            #expect(await isTrusted())
            _ = try await shop.redis.send(RedisCommand("SET", BlessedRun.key, "an older run"))
            #expect(await !isTrusted())
            _ = try await shop.redis.send(RedisCommand("FLUSHALL"))
            #expect(await !isTrusted())
        }
    }

    @Test func anUnsafeRedisIsRefusedWithoutPostgresToo() async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            _ = try await shop.redis.send(RedisCommand("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"))
            let error = try await #require(throws: RecoveryError.self) {
                try await SaleController(redis: shop.redis).requireBlessedRun(allowNoAOF: false)
            }
            #expect(error.code == .unsafeConfiguration)
        }
    }
}
