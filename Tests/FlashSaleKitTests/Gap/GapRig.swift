import NIOCore
import Testing

@testable import FlashSaleKit

/// Makes gaps as a failover makes them: what Postgres had is drained and trimmed, and then Postgres is what it was.
struct GapRig: Sendable {
    let shop: Shop
    var open: OpenSale

    /// The tables that go back, by the condition on their rows of one sale.
    private static let tables = ["ledger", "purchases", "journal_cursor", "control_log", "recoveries"]

    static func with(
        stock: Int = 30,
        limit: Int = 5,
        holdMilliseconds: Int64 = 60_000,
        _ body: @Sendable (GapRig) async throws -> Void
    ) async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let open = try await shop.openSale(stock: stock, limit: limit, holdMilliseconds: holdMilliseconds)
            try await body(GapRig(shop: shop, open: open))
        }
    }

    var postgres: PostgresConnection { shop.postgres }
    private var partition: String { AttemptsBatch.partition(of: open.id) }

    /// Remembers Postgres as it is now, with everything drained: what a standby has that stops to replicate here.
    func replicate() async throws {
        try await open.drainLedger()
        try await open.drainAttempts()
        for table in GapRig.tables + [partition] {
            let copy = "older_\(table)"
            _ = try await postgres.query("drop table if exists \(identifier: copy)")
            _ = try await postgres.query("create table \(identifier: copy) as table \(identifier: table)")
        }
    }

    /// Drains everything and removes it from these streams, exactly and to their ends.
    func drainAndTrim(_ streams: [JournalStream] = [.ledger, .attempts]) async throws {
        try await open.drainLedger()
        try await open.drainAttempts()
        for stream in streams {
            let script = """
                local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
                if #last == 0 then return 0 end
                local ms, sequence = string.match(last[1][1], '^(%d+)-(%d+)$')
                redis.call('HSET', KEYS[1], ARGV[1], last[1][1])
                return redis.call('XTRIM', KEYS[2], 'MINID', ms .. '-' .. (sequence + 1))
                """
            let keys = open.keys
            let command = RedisCommand("EVAL", script, "2", keys.sale, stream.key(keys), stream.trimmedField)
            guard try await shop.redis.send(command).integerValue ?? 0 > 0 else {
                throw ShopError("nothing was trimmed")
            }
        }
    }

    /// Promotes the standby: every table is again what it was. The epoch of the sale is that of the adoption that
    /// follows a failover.
    func promoteStandby() async throws {
        let partition = partition
        try await postgres.transaction { session in
            try session.query("set local session_replication_role = replica")
            for table in GapRig.tables + [partition] {
                try session.query("delete from \(identifier: table)")
                try session.query(
                    """
                    insert into \(identifier: table) overriding system value table \(identifier: "older_\(table)")
                    """
                )
            }
        }
    }

    func gaps() async throws -> [JournalGap] {
        try await JournalGap.read(open.id, redis: shop.redis, postgres: postgres)
    }

    var reconciliation: Reconciliation {
        Reconciliation(redis: shop.redis, postgres: postgres, patience: .zero)
    }

    func plan() async throws -> ReconciliationPlan { try await reconciliation.plan(open.id) }

    /// Plans and applies; the sale at the epoch at which it goes on.
    func close() async throws -> GapRig {
        let plan = try await plan()
        #expect(plan.needsPerson == [])
        #expect(!plan.isEmpty)
        let applied = try await reconciliation.apply(open.id, confirm: plan.hash, actor: "ops", reason: "a test")
        #expect(applied.plan == plan)
        var rig = self
        rig.open.epoch = applied.epoch
        return rig
    }

    /// Verified, nothing left to plan, and the audit of all records ends with what Redis counts.
    func expectClean(_ comment: Comment) async throws {
        let verification = Verification(redis: shop.redis, postgres: postgres, patience: .zero)
        #expect(try await verification.run(open.id).findings.map(\.sentence) == [], comment)
        try await open.drainLedger()
        try await open.drainAttempts()
        #expect(try await verification.run(open.id).findings.map(\.sentence) == [], comment)
        let plan = try await plan()
        #expect(plan.isEmpty && plan.needsPerson.isEmpty, comment)
        let row = try #require(try await shop.store.find(open.id))
        let audit = try await ReplayAudit.run(row, on: postgres)
        #expect(audit.divergence?.sentence == nil, comment)
        let snapshot = try await open.snapshot()
        #expect([audit.free, audit.held, audit.sold] == [snapshot.free, snapshot.held, snapshot.sold], comment)
        #expect(audit.waiting == ReplayTotals(), comment)
    }

    /// Sells what is left, ends the sale, and compares the records of the finished sale with Redis.
    func sellOut(_ comment: Comment) async throws {
        var bought: [HoldID] = []
        for user in 0..<200 where try await open.snapshot().free > 0 {
            bought += try await open.checkout(["late\(user)"], expect: "H")
        }
        try await open.purchase(bought)
        try await open.checkout(["too-late"], expect: "S")
        try await open.drainLedger()
        try await open.drainAttempts()
        let snapshot = try await open.snapshot()
        let sold = try await shop.count("select count(*) from purchases where sale_id = \(open.id)")
        #expect(sold == snapshot.sold && snapshot.free == 0, comment)

        let numbered = try await shop.count(
            "select count(distinct unit) from purchases where sale_id = \(open.id) and unit between 1 and \(sold)"
        )
        #expect(numbered == sold, comment)
        try await expectClean(comment)
        // What the end of the sale compares: holds and attempts agree but for what was lost on record.
        var record = try await SaleRecord.read(open.id, from: postgres)
        try await record.readLosses(of: open.id, from: postgres)
        let problems = record.disagreements(with: snapshot)
        #expect(!problems.contains { $0.contains("attempts got a hold") || $0.contains("purchases") }, comment)
    }

    /// What buyers were answered 200 with.
    func receipts() async throws -> [String] {
        try await postgres.query(
            """
            select format('%s %s %s %s %s %s', unit, encode(hold_id, 'hex'), user_id, user_slot, ticket,
                purchased_at) as receipt
            from purchases where sale_id = \(open.id) order by unit
            """
        ).map { try $0["receipt"].text }
    }

    func control(_ operation: ControlCall.Operation) async throws {
        guard let request = ControlCall.Request(operation, who: "ops", why: "test") else {
            throw ShopError("no request")
        }
        let reply = try await shop.redis.send(
            ControlCall.command(keys: open.keys, epoch: open.epoch, confirmed: shop.store.now(), request: request)
        )
        guard try ControlCall.parse(reply).decision == .changed else { throw ShopError("the control was refused") }
    }

    /// A hold whose code an Idempotency-Key has chosen.
    func keyedCheckout(_ user: String) async throws -> HoldID {
        var (payload, holdIDs, keyed) = (ByteBuffer(), ByteBuffer(), ByteBuffer())
        var codes = CodeGenerator()
        let hold = codes.next(for: open.id).holdID
        CheckoutCall.appendAttempt(user: user.utf8, itemID: 7, to: &payload)
        CheckoutCall.append(hold, to: &holdIDs)
        keyed.writeString("1")
        let command = CheckoutCall.command(
            keys: open.keys,
            epoch: open.epoch,
            confirmed: try await shop.store.now(),
            count: 1,
            payload: payload,
            holdIDs: holdIDs,
            keyed: keyed
        )
        let reply = try CheckoutCall.parse(try await shop.redis.send(command), count: 1)
        guard reply.decision?.letter(at: 0) == Outcome.held.rawValue else { throw ShopError("no hold") }
        return hold
    }

    /// Changes Redis behind the scripts' back.
    func send(_ parts: String...) async throws {
        _ = try await shop.redis.send(RedisCommand(parts: parts.map(RedisArgument.string)))
    }

    /// A receipt as it stands in Redis.
    func receipt(_ hold: HoldID) async throws -> String {
        try #require(try await shop.redis.send(RedisCommand("HGET", open.keys.receipts, hold.description)).string)
    }

    func kinds(_ condition: SQL) async throws -> String {
        try await shop.text(
            "select coalesce(string_agg(kind, ' ' order by epoch, seq, idx), '') from ledger where \(condition)"
        )
    }
}
