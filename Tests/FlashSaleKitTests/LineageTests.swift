import Testing

@testable import FlashSaleKit

/// What a Postgres that was promoted, restored or replaced may do to the journal of a sale.
struct LineageTests {
    private static let eager: DrainLimits = {
        var limits = DrainLimits()
        limits.lookEveryMilliseconds = 0
        return limits
    }()

    /// The same as a promotion: the server is on another timeline than the one recorded last.
    private func promote(_ shop: Shop) async throws {
        _ = try await shop.postgres.query("update lineages set timeline = timeline - 1 where timeline > 0")
    }

    /// Puts Postgres back to what it had before these holds were bought, as a standby that lacked the last commits.
    private func lose(_ open: OpenSale, after step: Int64, cursor: String) async throws {
        try await open.shop.postgres.transaction { session in
            try session.query("alter table ledger disable trigger ledger_append_only")
            try session.query("delete from purchases where sale_id = \(open.id) and unit > 1")
            try session.query("delete from ledger where sale_id = \(open.id) and seq > \(step)")
            try session.query("alter table ledger enable trigger ledger_append_only")
            try session.query(
                """
                update journal_cursor set last_id = \(cursor), last_seq = \(step)
                where sale_id = \(open.id) and stream = 'ledger'
                """
            )
        }
    }

    @Test func aNewTimelineIsRecordedOnceAndBothSequencesJump() async throws {
        try await Shop.with { shop in
            let store = LineageStore(postgres: shop.postgres)
            let first = try await store.current()
            #expect(try await store.current() == first)
            let steps = EpochSteps(redis: shop.redis, postgres: shop.postgres)
            let before = try await steps.takeEpoch()
            let number = try await shop.openSale().id.rawValue
            try await promote(shop)
            #expect(try await PostgresStanding.read(on: shop.postgres).lineage == nil)
            let second = try await store.current()
            #expect(second.id != first.id)
            #expect(second.system == first.system)
            #expect(try await store.current() == second)
            #expect(try await store.knows(first))
            #expect(try await shop.count("select count(*) from lineages") == 2)
            #expect(try await steps.takeEpoch() > before + LineageStore.jump)
            let later = try await shop.openSale(opensAgo: 30_000).id.rawValue
            #expect(later > number + LineageStore.jump)
        }
    }

    @Test func onATimelineThatIsNotRecordedNoNumberIsTaken() async throws {
        try await Shop.with { shop in
            let terms = Shop.terms(now: try await shop.store.now())
            try await promote(shop)
            let error = await #expect(throws: RecoveryError.self) {
                try await shop.postgres.transaction { session in try SaleStore.insert(terms, in: session) }
            }
            #expect(error?.code == .superseded)
            #expect(try await shop.count("select count(*) from sales") == 0)
        }
    }

    /// The shape of a sale that is sold out: after the last purchase the ledger is silent, and nothing that a drain
    /// writes could tell it that its cursor is gone.
    @Test func aPostgresThatComesBackOlderIsGivenAgainWhatRedisHasAlsoInSilence() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale(stock: 3)
            let drain = LedgerDrain(redis: shop.redis, postgres: shop.postgres, limits: LineageTests.eager)
            let holds = try await open.checkout(["anna", "bob", "carl"], expect: "HHH")
            try await open.purchase([holds[0]])
            _ = try await OpenSale.drainAll(drain.drainOnce, open.id, open.epoch)
            let cursor = try await shop.text("select last_id from journal_cursor where stream = 'ledger'")
            let step = try await open.snapshot().sequence
            try await open.purchase([holds[1], holds[2]])
            _ = try await OpenSale.drainAll(drain.drainOnce, open.id, open.epoch)
            #expect(try await shop.count("select count(*) from purchases") == 3)
            let receipts = try await shop.text("select string_agg(user_id || unit, ' ' order by unit) from purchases")
            try await lose(open, after: step, cursor: cursor)
            try await promote(shop)
            #expect(try await shop.count("select count(*) from purchases") == 1)

            _ = try await OpenSale.drainAll(drain.drainOnce, open.id, open.epoch)
            let again = try await shop.text("select string_agg(user_id || unit, ' ' order by unit) from purchases")
            #expect(again == receipts)
            // Nobody was refused meanwhile: the sale is where it was, and follows the new lineage.
            let lineage = try await LineageStore(postgres: shop.postgres).current()
            let snapshot = try await open.snapshot()
            #expect(snapshot.fields["lineage"] == lineage.description)
            #expect(snapshot.epoch == open.epoch && snapshot.state == .open)
        }
    }

    @Test func aTrimIsExactAndGoesNoFurtherThanTheCursorReadInItsTurn() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale(stock: 1)
            for round in 0..<30 { try await open.checkout(["user\(round)"]) }
            try await open.drainAttempts()
            let drained = try #require(StreamID(try await open.snapshot().attempts.lastID))
            for round in 0..<5 { try await open.checkout(["late\(round)"]) }
            let cursor = JournalCursor(saleID: open.id, stream: .attempts, epoch: open.epoch, lastID: drained)
            var limits = DrainLimits()
            limits.trimEntries = 20
            let lineage = try await LineageStore(postgres: shop.postgres).current()
            let call = JournalTrim.Call(
                cursor: cursor,
                lineage: lineage,
                target: StreamID(milliseconds: drained.milliseconds + 60_000, sequence: 0),
                limits: limits
            )
            let ids = try await entryIDs(open)
            for (removed, left) in [(20, 15), (10, 5), (0, 5)] {
                guard case .removed(removed) = try JournalTrim.Reply(try await shop.redis.send(call.command)) else {
                    return #expect(Bool(false), "not \(removed) removed")
                }
                let after = try await open.snapshot()
                #expect(after.attempts.entries == left)
                #expect(after.trimmedToAttempts == ids[ids.count - left - 1], "the last entry that is gone")
            }
            // What is gone ends exactly at the cursor: no gap is seen where there is none.
            #expect(try await open.drainAttempts().rows == 5)
        }
    }

    private func entryIDs(_ open: OpenSale) async throws -> [String] {
        let reply = try await open.shop.redis.send(RedisCommand("XRANGE", open.keys.attempts, "-", "+"))
        return try StreamEntry.parse(reply, from: open.keys.attempts).map(\.id.description)
    }

    /// Each irreversible step, asked for by a Postgres that another one has replaced.
    @Test func anOldPrimaryDoesNothingIrreversible() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale()
            try await open.checkout(["anna"], expect: "H")
            try await open.drainAttempts()
            let successor = Lineage(system: "7", timeline: 99, id: "11111111-1111-4111-8111-111111111111")
            _ = try await shop.redis.send(RedisCommand("HSET", open.keys.sale, "lineage", successor.description))
            let before = try await open.snapshot()
            let own = try await LineageStore(postgres: shop.postgres).current()

            let last = try #require(StreamID(before.attempts.lastID))
            let cursor = JournalCursor(saleID: open.id, stream: .attempts, epoch: open.epoch, lastID: last)
            let trim = JournalTrim.Call(cursor: cursor, lineage: own, target: last, limits: DrainLimits())
            guard case .refused = try JournalTrim.Reply(try await shop.redis.send(trim.command)) else {
                return #expect(Bool(false), "it trimmed")
            }
            let steps = EpochSteps(redis: shop.redis, postgres: shop.postgres)
            for refused in [
                await #expect(throws: RecoveryError.self) { _ = try await steps.fence(open.id, open.epoch + 5) },
                await #expect(throws: RecoveryError.self) { _ = try await open.drainLedger() },
                await #expect(throws: RecoveryError.self) {
                    _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
                },
            ] {
                #expect(refused?.code == .otherPostgres)
                #expect(refused?.description.contains("promoted last") == true)
            }
            #expect(try await open.snapshot().fields == before.fields)
            #expect(try await open.snapshot().attempts == before.attempts)

            // Also one that has asked before the other came: it expects what is not there any more.
            let late = FenceCall.command(
                keys: open.keys,
                epoch: open.epoch + 5,
                lineage: own.description,
                expected: own.description
            )
            let found = try FenceCall.parse(try await shop.redis.send(late))
            guard case .otherLineage(successor.description, _) = found else { return #expect(Bool(false), "\(found)") }
            // Fenced by the successor: a rebuild that was begun with the old primary before goes no further.
            let epoch = try await steps.takeEpoch()
            let fence = FenceCall.command(
                keys: open.keys,
                epoch: epoch,
                lineage: successor.description,
                expected: successor.description
            )
            #expect(try FenceCall.parse(try await shop.redis.send(fence)).isFenced)
            let begin = RestoreCall.Begin(
                terms: open.sale.terms,
                clockFloor: try await shop.store.now(),
                installation: "x",
                lineage: own
            )
            let reply = try RestoreCall.parse(
                try await shop.redis.send(RestoreCall.begin(keys: open.keys, epoch: epoch, begin))
            )
            #expect(reply.status == .otherLineage)
            #expect(try await open.snapshot().attempts == before.attempts)
        }
    }

    /// The other Postgres is gone for good: an operator lets the sale go on with this one.
    @Test func anAcceptedPostgresIsASuccessor() async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let open = try await shop.openSale()
            let acceptance = LineageAcceptance(redis: shop.redis, postgres: shop.postgres)
            #expect(try await acceptance.accept(actor: "ops", reason: "none").isEmpty)
            let other = Lineage(system: "7", timeline: 99, id: "11111111-1111-4111-8111-111111111111")
            _ = try await shop.redis.send(RedisCommand("HSET", open.keys.sale, "lineage", other.description))
            let accepted = try await acceptance.accept(actor: "ops", reason: "its disks are lost")
            #expect(accepted.map(\.sale) == [open.id] && accepted.map(\.other) == [other.description])
            let validated = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            #expect(validated.epochs == [open.id: open.epoch])
            let own = try await LineageStore(postgres: shop.postgres).current()
            #expect(try await open.snapshot().fields["lineage"] == own.description)
            #expect(try await shop.text("select reason from control_log where action = 'accept_postgres'") != "")
            #expect(try await acceptance.accept(actor: "ops", reason: "again").isEmpty)
        }
    }

    /// The row of a lineage can be lost with the end of its timeline; a later timeline of the same system follows it.
    @Test func aLaterTimelineFollowsOneWhoseRowWasLost() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale()
            let own = try await LineageStore(postgres: shop.postgres).current()
            let claim = LineageClaim(redis: shop.redis, postgres: shop.postgres)
            let lost = Lineage(
                system: own.system,
                timeline: own.timeline - 1,
                id: "11111111-1111-4111-8111-111111111111"
            )
            _ = try await shop.redis.send(RedisCommand("HSET", open.keys.sale, "lineage", lost.description))
            try await claim.claim(open.id, epoch: open.epoch, for: own)
            #expect(try await open.snapshot().fields["lineage"] == own.description)
            // A sibling is none that could be followed: it may have what this one lacks.
            let sibling = Lineage(system: own.system, timeline: own.timeline, id: lost.id)
            _ = try await shop.redis.send(RedisCommand("HSET", open.keys.sale, "lineage", sibling.description))
            let error = await #expect(throws: RecoveryError.self) {
                try await claim.claim(open.id, epoch: open.epoch, for: own)
            }
            #expect(error?.code == .otherPostgres)
        }
    }

    @Test func aConnectionToAServerThatTakesNoWritesIsNotKept() async throws {
        try await Shop.with { shop in
            try await PostgresStanding.requireWritable(shop.postgres)
            _ = try await shop.postgres.query("alter system set default_transaction_read_only = on")
            _ = try await shop.postgres.query("select pg_reload_conf()")
            let other = try await Shop.connectPostgres(shop.stack)
            while try await PostgresStanding.read(on: other).whyReadOnly == nil { await Task.yield() }
            for use in [
                { try await PostgresStanding.requireWritable(other) },
                { _ = try await LineageStore(postgres: try await Shop.connectPostgres(shop.stack)).current() },
            ] as [@Sendable () async throws -> Void] {
                let error = await #expect(throws: PostgresError.self) { try await use() }
                #expect(error?.code == .readOnly)
                #expect(error?.message.contains("takes no writes, because") == true)
            }
            #expect(!other.isUsable)
        }
    }
}
