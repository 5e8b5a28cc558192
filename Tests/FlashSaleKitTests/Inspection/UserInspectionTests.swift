import Testing

@testable import FlashSaleKit

@Suite("inspect-user: how a user stands, in both stores and the journal between them", .serialized)
struct UserInspectionTests {
    @Test("Drained and undrained records make up one picture")
    func picture() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 10, limit: 4)
            let holds = try await sale.checkout(["anna", "anna", "bob", "anna"], expect: "HHHH")
            try await sale.purchase([holds[0]], ticket: "WIN-1")
            try await sale.release([holds[3]])
            try await sale.drain()
            let late = try await sale.checkout(["anna"], expect: "H")
            try await sale.purchase([holds[1]])
            let anna = try await sale.inspect("anna")
            #expect(anna.holds.map(\.id) == late)
            #expect(anna.holds.map(\.place) == [.journal])
            #expect(anna.holds.allSatisfy { $0.deadline > anna.at && $0.itemID == 7 })
            #expect(anna.purchases.map(\.unit) == [1, 2])
            #expect(anna.purchases.map(\.userSlot) == [1, 2])
            #expect(anna.purchases.map(\.ticket) == ["WIN-1", ""])
            #expect(anna.purchases.map(\.isCommitted) == [true, false])
            #expect((anna.held, anna.sold, anna.limit, anna.quotaLeft) == (1, 2, 4, 1))
            #expect((anna.expired, anna.released) == (0, 1))
            #expect(anna.outcomes[.held] == 4)
            #expect(anna.attempts.map(\.place) == [.journal, .attempts, .attempts, .attempts])
            #expect(anna.attempts.map(\.step) == anna.attempts.map(\.step).sorted(by: >))
            #expect(anna.agreement == .agrees)
            #expect(anna.hasTrace)
            #expect(try await sale.inspect("anna", attempts: 2).attempts.count == 2)
            #expect(try await sale.inspect("anna", attempts: 0).outcomes[.held] == 4)
        }
    }

    @Test("Bans and a lowered limit count from the journal on, and say who wanted them")
    func controls() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 10, limit: 4)
            try await sale.checkout(["eve"], expect: "H")
            try await sale.control(.ban(user: "eve"), why: "fraud")
            try await sale.control(.lowerLimit(2))
            try await sale.checkout(["eve"], expect: "B")
            for isDrained in [false, true] {
                if isDrained { try await sale.drain() }
                let eve = try await sale.inspect("eve")
                #expect(eve.ban?.reason == "fraud")
                #expect(eve.ban?.who == "ops")
                #expect((eve.limit, eve.quotaLeft) == (2, 1))
                #expect(eve.attempts.map(\.outcome) == [.banned, .held])
                #expect(eve.agreement == .agrees)
            }
            try await sale.control(.unban(user: "eve"))
            #expect(try await sale.inspect("eve").ban == nil)
        }
    }

    @Test("Nobody is known of whom there is no trace, and no sale that is not there")
    func unknown() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale()
            try await sale.checkout(["anna"], expect: "H")
            let stranger = try await sale.inspect("ann")
            #expect(!stranger.hasTrace)
            #expect(stranger.agreement == .agrees)
            #expect(stranger.quotaLeft == 10)
            let absent = try #require(SaleID(99))
            #expect(try await sale.inspection.inspect(user: "anna", in: absent) == nil)
            #expect(try await sale.inspection.explain(.user("anna"), in: absent) == nil)
        }
    }

    @Test("A difference between the stores is found and named, whichever key has it")
    func differences() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 10, limit: 4)
            let holds = try await sale.checkout(["anna", "anna", "anna"], expect: "HHH")
            try await sale.purchase([holds[0]])
            try await sale.drain()
            let (bought, open) = (holds[0].description, holds[1].description)
            let keys = sale.keys
            let receipt = try await shop.redis.send(RedisCommand("HGET", keys.receipts, bought)).string ?? ""
            let hold = try await shop.redis.send(RedisCommand("HGET", keys.holds, open)).string ?? ""
            for (harm, cure, clue) in [
                (["HINCRBY", keys.users, "anna", "1"], ["HINCRBY", keys.users, "anna", "-1"], "has 4 units in Redis"),
                (
                    ["HSET", keys.bought, "anna", "2"], ["HSET", keys.bought, "anna", "1"],
                    "has 2 bought units in Redis"
                ),
                (
                    ["HDEL", keys.receipts, bought], ["HSET", keys.receipts, bought, receipt], "has no receipt in Redis"
                ),
                (["HDEL", keys.holds, open], ["HSET", keys.holds, open, hold], "but Redis does not have it"),
                (["HSET", keys.holds, open, "x"], ["HSET", keys.holds, open, hold], "unreadable"),
                (["HSET", keys.banned, "anna", "why"], ["HDEL", keys.banned, "anna"], "is banned from sale"),
            ] {
                _ = try await shop.redis.send(RedisCommand(parts: harm.map(RedisArgument.string)))
                let anna = try await sale.inspect("anna")
                #expect(anna.agreement.agrees == false, "\(harm)")
                #expect(anna.agreement.differences.contains { $0.contains(clue) }, "\(anna.agreement)")
                #expect(!anna.agreement.differences.contains { $0.contains("next step") })
                _ = try await shop.redis.send(RedisCommand(parts: cure.map(RedisArgument.string)))
                #expect(try await sale.inspect("anna").agreement == .agrees)
            }
        }
    }

    @Test("A purchase that its table does not have is named, and one that the ledger does not have")
    func purchases() async throws {
        try await Shop.with { shop in
            let market = try await VerifyMarket.make(shop, 1)
            let row = try await shop.postgres.query(
                "select user_id, unit from purchases where sale_id = \(market.open.id) order by unit limit 1"
            ).one()
            let user = try row["user_id"].userID
            #expect(try await market.open.inspect(user).agreement == .agrees)
            try await market.force("update purchases set ticket = 'x' where sale_id = \(market.open.id) and unit = 1")
            let changed = try await market.open.inspect(user).agreement
            #expect(changed.differences.contains { $0.contains("another one in purchases") }, "\(changed)")
            try await market.force("delete from purchases where sale_id = \(market.open.id) and unit = 1")
            let lost = try await market.open.inspect(user).agreement
            #expect(lost.differences.contains { $0.contains("not in purchases") }, "\(lost)")
            _ = try await shop.postgres.query(
                """
                insert into purchases
                select id, stock, stock, user_limit, 'stranger', 1, 7, decode(md5('stranger'), 'hex'), '', now()
                from sales where id = \(market.open.id)
                """
            )
            let stranger = try await market.open.inspect("stranger")
            #expect(stranger.agreement.differences.contains { $0.contains("not in the ledger") })
            let lines = try await market.open.explain(.user("stranger")).lines
            #expect(lines.contains { $0.kind == .receipt && $0.places == [.purchases] })
        }
    }

    @Test("Every user of a sale of every kind of record agrees")
    func market() async throws {
        try await Shop.with { shop in
            let market = try await VerifyMarket.make(shop, 1)
            for user in (1...10).map({ "anna\($0)" as UserID }) + ["bob", "eve", "mallory", "dora1"] {
                #expect(try await market.open.inspect(user).agreement == .agrees, "\(user)")
                #expect(try await market.open.explain(.user(user)).agreement == .agrees, "\(user)")
            }
        }
    }

    @Test("One store alone tells what it knows, and that the two were not compared")
    func halves() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 10, limit: 4)
            let holds = try await sale.checkout(["anna", "anna"], expect: "HH")
            try await sale.drain()
            try await sale.purchase([holds[0]])
            let recorded = try await Inspection(redis: nil, postgres: shop.postgres).inspect(user: "anna", in: sale.id)
            let postgres = try #require(recorded)
            #expect((postgres.held, postgres.sold) == (2, 0))
            #expect(postgres.agreement == .unknown("Redis does not answer"))
            let decided = try await Inspection(redis: shop.redis, postgres: nil).inspect(user: "anna", in: sale.id)
            let redis = try #require(decided)
            #expect((redis.held, redis.sold) == (1, 1))
            #expect(redis.purchases.map(\.isCommitted) == [false])
            #expect(redis.attempts.map(\.outcome) == [.held, .held])
            #expect((redis.redisUnits, redis.redisBought) == (2, 1))
            #expect(redis.agreement.agrees == nil)
            #expect(redis.limit == 4)
            let told = try await Inspection(redis: shop.redis, postgres: nil).explain(.unit(1), in: sale.id)
            let unit = try #require(told)
            #expect(unit.holdID == holds[0])
            #expect(unit.standing?.answer.status == 202)
            let absent = try #require(SaleID(99))
            #expect(try await Inspection(redis: shop.redis, postgres: nil).inspect(user: "anna", in: absent) == nil)
        }
    }

    @Test("A sale that is being recovered, has no keys or a wrong one is not compared")
    func troubles() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale()
            try await sale.checkout(["anna"], expect: "H")
            try await sale.drain()
            try await sale.send("HSET", sale.keys.sale, "state", "recovering")
            #expect(try await sale.inspect("anna").agreement == .unknown("sale \(sale.id) is being recovered"))
            try await sale.send("HSET", sale.keys.sale, "state", "open")
            try await sale.send("DEL", sale.keys.bought)
            try await sale.send("SET", sale.keys.bought, "x")
            #expect(try await sale.inspect("anna").agreement.agrees == nil)
            try await sale.send("FLUSHALL")
            let anna = try await sale.inspect("anna")
            #expect(anna.held == 1)
            #expect(anna.agreement == .unknown("Redis has no keys of sale \(sale.id), which is open in Postgres"))
        }
    }
}
