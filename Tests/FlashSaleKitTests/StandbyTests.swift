import Testing

@testable import FlashSaleKit

/// A standby that is promoted without the end of a sale, with a real standby.
@Suite(.serialized) struct StandbyTests {
    /// Removes as soon as every standby has the end.
    private static let atOnce: KeyRetention = {
        var retention = KeyRetention()
        retention.least = .zero
        return retention
    }()

    /// Removes at once, whatever the standbys have.
    private static let careless: KeyRetention = {
        var retention = KeyRetention()
        retention.least = .zero
        retention.most = .zero
        return retention
    }()

    private func rotate(_ shop: Shop, _ retention: KeyRetention = atOnce) async throws -> RotationReport {
        try await Rotation(redis: shop.redis, postgres: shop.postgres, retention: retention).run()
    }

    /// A sale of which the standby has one purchase of three, and not the end.
    private func saleAhead(of standby: StandbyDaemon, _ shop: Shop, _ retention: KeyRetention) async throws -> OpenSale
    {
        _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
        let open = try await shop.openSale()
        let holds = try await open.checkout(["anna", "bob", "carl"], expect: "HHH")
        try await open.purchase([holds[0]])
        try await open.drainLedger()
        try await open.end()
        #expect(try await rotate(shop, retention).waiting.keys.sorted() == [open.id])
        try await standby.catchUp(with: shop.postgres)
        try await StandbyStore(postgres: shop.postgres).observe()
        try await standby.cutOff(from: shop.postgres)
        try await open.purchase([holds[1], holds[2]])
        #expect(try await rotate(shop, retention).finished == [open.id])
        return open
    }

    /// The shop with the promoted standby instead of its primary, which is dead.
    private func promoted(_ standby: StandbyDaemon, _ shop: Shop) async throws -> Shop {
        try await shop.stack.killPostgres()
        return Shop(stack: shop.stack, redis: shop.redis, postgres: try await standby.promote())
    }

    @Test func `no purchase is lost by a standby that is promoted without the end of the sale`() async throws {
        try await Shop.with { shop in
            try await StandbyDaemon.with(shop.stack, name: "replica") { standby in
                let open = try await saleAhead(of: standby, shop, Self.atOnce)
                #expect(try await rotate(shop).keysKept == [:])
                #expect(try await open.keysLeft() == 9, "the standby does not have the end")
                let kept = try await FinishedSales.read(Self.atOnce, redis: shop.redis, postgres: shop.postgres).check
                #expect(kept.level == .warning && kept.sentence.contains("standby replica does not have its end"))

                let new = try await promoted(standby, shop)
                let purchases: SQL = "select count(*) from purchases where sale_id = \(open.id)"
                #expect(try await new.count(purchases) == 1, "two are missing")
                let lost = try await FinishedSales.read(Self.atOnce, redis: new.redis, postgres: new.postgres).check
                #expect(lost.level == .critical)
                #expect(lost.sentence.contains("its end was booked at step"), "\(lost)")
                let report = try await rotate(new)
                #expect(report.finished == [open.id])
                #expect(report.reopened[open.id]?.contains("with 3 sold, and this Postgres has lost it") == true)
                #expect(try await new.count(purchases) == 3)
                let verification = Verification(redis: new.redis, postgres: new.postgres)
                #expect(try await verification.run(open.id).findings.map(\.sentence) == [])
                #expect(try await rotate(new).reopened == [:], "it is finished again")

                // The standby that was promoted is none any more, and stays so until somebody says it.
                #expect(try await open.keysLeft() == 9)
                let standbys = StandbyStore(postgres: new.postgres)
                #expect(try await standbys.forget("replica", actor: "ann", reason: "it is the primary now"))
                #expect(try await standbys.forget("replica", actor: "ann", reason: "twice") == false)
                _ = try await rotate(new)
                #expect(try await open.keysLeft() == 1)
                let log = try await new.postgres.query(
                    "select actor, reason, value from control_log where action = 'forget_standby'"
                ).one()
                #expect(try log["actor"].text == "ann" && log["value"].text == "replica")
                await new.postgres.close()
            }
        }
    }

    @Test func `a sale whose keys are gone is shut with an alarm and never rebuilt`() async throws {
        try await Shop.with { shop in
            try await StandbyDaemon.with(shop.stack, name: "replica") { standby in
                let open = try await saleAhead(of: standby, shop, Self.careless)
                #expect(try await open.keysLeft() == 1, "somebody did not want to wait")
                let lineage = try await LineageStore(postgres: shop.postgres).current()

                let new = try await promoted(standby, shop)
                let why = "3 sold in Redis, but this Postgres has lost that end and 2 of its purchases"
                func validate(_ shop: Shop) async throws -> ValidatedRedis {
                    try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
                }
                for _ in 0..<2 {
                    let shut = try #require(try await validate(new).shut[open.id])
                    #expect(shut.why.contains(why) && shut.why.contains("lineage \(lineage)"), "\(shut)")
                }
                #expect(try await rotate(new, Self.careless).failed[open.id]?.contains(why) == true)
                let found = try await FinishedSales.read(Self.atOnce, redis: new.redis, postgres: new.postgres).check
                #expect(found.level == .critical && found.sentence.contains(why), "\(found)")
                // Neither another Redis process nor a new identity changes that.
                _ = try await new.postgres.query("update redis_identity set run_id = 'another'")
                #expect(try await validate(new).shut[open.id]?.why.contains(why) == true)
                #expect(try await new.count("select count(*) from recoveries where kind = 'rebuilt'") == 0)
                #expect(try await EndedSale.read(open.id, from: new.redis)?.sold == 3)
                await new.postgres.close()
            }
        }
    }

    @Test func `keys that are not whole are rebuilt only if nothing is missing`() async throws {
        try await Shop.with { shop in
            try await StandbyDaemon.with(shop.stack, name: "replica") { standby in
                let open = try await saleAhead(of: standby, shop, Self.atOnce)
                let new = try await promoted(standby, shop)
                for key in [open.keys.ledger, open.keys.receipts] {
                    _ = try await shop.redis.send(RedisCommand("UNLINK", key))
                }
                let validated = try await Handshake(redis: new.redis, postgres: new.postgres).validate()
                #expect(validated.epochs[open.id] == nil)
                #expect(validated.shut[open.id]?.why.contains("2 of its purchases") == true, "\(validated)")
                await new.postgres.close()
            }
        }
    }

    @Test func `a standby with the end holds nothing up, one that vanished does`() async throws {
        try await Shop.with { shop in
            try await StandbyDaemon.with(shop.stack, name: "replica", slot: "room2") { standby in
                _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
                let first = try await shop.openSale()
                try await first.end()
                _ = try await rotate(shop)
                try await standby.catchUp(with: shop.postgres)
                _ = try await rotate(shop)
                #expect(try await first.keysLeft() == 1)
                let standbys = StandbyStore(postgres: shop.postgres)
                #expect(try await standbys.known().map(\.name) == ["room2"], "by its slot, not by both names")

                try await standby.cutOff(from: shop.postgres)
                let second = try await shop.openSale(opensAgo: 30_000)
                try await second.end()
                _ = try await rotate(shop)
                _ = try await rotate(shop)
                #expect(try await second.keysLeft() == 9)
                _ = try await shop.postgres.query("select pg_drop_replication_slot('room2')")
                _ = try await rotate(shop)
                #expect(try await second.keysLeft() == 9, "a standby that is not seen any more counts as behind")
                #expect(try await standbys.forget("room2", actor: "ann", reason: "sold"))
                _ = try await rotate(shop)
                #expect(try await second.keysLeft() == 1)
            }
        }
    }

    @Test func `a standby that cannot be seen is told`() async throws {
        try await Shop.with { shop in
            try await StandbyDaemon.with(shop.stack, name: "replica") { standby in
                try await standby.catchUp(with: shop.postgres)
                #expect(try await StandbyCheck.read(shop.postgres).check.level == .ok)
                for statement: SQL in [
                    "create role plain login", "grant all on all tables in schema public to plain",
                    "set role plain",
                ] {
                    _ = try await shop.postgres.query(statement)
                }
                try await StandbyStore(postgres: shop.postgres).observe()
                let found = try await StandbyCheck.read(shop.postgres)
                #expect(found.known == [] && found.hidden == 1)
                #expect(found.check.level == .warning)
                #expect(found.check.sentence.contains("1 more cannot be seen by the role plain"))
                #expect(found.check.fix?.contains("GRANT pg_read_all_stats TO \"plain\"") == true)
            }
        }
    }

    @Test func `standbys of one name are told`() async throws {
        try await Shop.with { shop in
            try await StandbyDaemon.with(shop.stack, name: "replica") { first in
                try await first.catchUp(with: shop.postgres)
                let second = StandbyCheck(known: [], hidden: 0, role: "postgres", shared: ["16/main"]).check
                #expect(second.level == .warning && second.sentence.contains("call themselves 16/main"))
                #expect(try await StandbyStore(postgres: shop.postgres).shared() == [])
            }
        }
    }
}
