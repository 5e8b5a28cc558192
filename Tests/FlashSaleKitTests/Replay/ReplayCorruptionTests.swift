import Testing

@testable import FlashSaleKit

/// One record altered behind everybody's back: the audit names it.
@Suite(.serialized) struct ReplayCorruptionTests {
    /// What a divergence must say.
    struct Clue: Sendable {
        var table: ReplayDivergence.Table
        var place: RecordPosition?
        var user: String?
        var expected: String
    }

    struct Corruption: Sendable {
        let name: String
        let apply: @Sendable (AuditMarket) async throws -> Clue

        init(_ name: String, _ apply: @escaping @Sendable (AuditMarket) async throws -> Clue) {
            self.name = name
            self.apply = apply
        }
    }

    /// An outcome that is another one: by letters, whom it hits, and what the rules give.
    private static func outcome(_ from: String, _ to: String, _ user: String, _ expected: String) -> Corruption {
        Corruption("\(from) became \(to)") { market in
            let victim = try await market.attempt(from, user: user)
            try await market.force(
                "update attempts set outcome = \(to)::\"char\" where \(market.condition(victim.place))"
            )
            return Clue(table: .attempts, place: victim.place, user: victim.user, expected: expected)
        }
    }

    /// A change of a row of the ledger.
    private static func ledger(
        _ name: String,
        _ kind: String,
        _ user: String = "%",
        _ change: SQL,
        _ expected: String,
        saysUser: Bool = true
    ) -> Corruption {
        Corruption(name) { market in
            let victim = try await market.row(kind, user: user)
            try await market.force("update ledger set \(change) where \(market.condition(victim.place))")
            return Clue(table: .ledger, place: victim.place, user: saysUser ? victim.user : nil, expected: expected)
        }
    }

    private static func deleted(
        _ name: String,
        _ table: ReplayDivergence.Table,
        _ kind: String,
        _ user: String = "%",
        named: ReplayDivergence.Table? = nil,
        _ expected: String
    ) -> Corruption {
        Corruption(name) { market in
            let victim =
                table == .attempts
                ? try await market.attempt(kind, user: user) : try await market.row(kind, user: user)
            try await market.force(
                "delete from \(identifier: table.rawValue) where \(market.condition(victim.place))"
            )
            return Clue(table: named ?? table, place: victim.place, user: nil, expected: expected)
        }
    }

    private static func purchases(_ name: String, _ change: SQL) -> Corruption {
        Corruption(name) { market in
            let place = try await market.row("purchased").place
            try await market.force("\(change) where sale_id = \(market.open.id) and unit = 1")
            return Clue(table: .purchases, place: place, user: nil, expected: "unit 1, number 1 of user 'anna'")
        }
    }

    static let all: [Corruption] = [
        outcome("H", "S", "%", "held"), outcome("H", "L", "bob", "held"), outcome("H", "B", "fay", "held"),
        outcome("S", "L", "%", "sold_out"), outcome("S", "B", "hugo", "sold_out"),
        outcome("S", "H", "%", "sold_out"), outcome("L", "S", "anna", "user_limit"), outcome("L", "B", "anna", "user"),
        outcome("B", "S", "eve", "banned"), outcome("S", "X", "%", "H, S, L or B"),
        ledger("hold of another user", "held", "bob", "user_id = 'thief'", "user 'bob', item 7", saysUser: false),
        ledger("hold of another item", "held", "bob", "item_id = 8", "user 'bob', item 7"),
        ledger("another deadline", "held", "bob", "deadline = deadline + interval '1 us'", "a deadline of"),
        ledger("another time", "held", "bob", "at = at + interval '1 us'", "user 'bob', item 7"),
        ledger("end by another user", "released", "dora", "user_id = 'thief'", "user 'dora'", saysUser: false),
        ledger("released instead of expired", "expired", "%", "kind = 'released'", "expired"),
        ledger("expired instead of released", "released", "dora", "kind = 'expired'", "held"),
        ledger("another unit", "purchased", "anna", "unit = 9", "unit 1"),
        ledger("another slot", "purchased", "anna", "user_slot = 2", "number 1 of the user"),
        ledger("another limit", "control", "%", "detail = E'limit\\t3\\tops\\ttest'", "unchanged", saysUser: false),
        ledger("another state", "opened", "%", "detail = E'12\\t11\\t0\\t0'", "stock 12, free 12", saysUser: false),
        ledger("nobody was banned", "ban", "eve", "user_id = 'mallory'", "", saysUser: false),
        deleted("missing expiry", .ledger, "expired", "%", "a row"),
        deleted("missing release", .ledger, "released", "dora", named: .records, "a record"),
        deleted("missing purchase", .ledger, "purchased", "anna", named: .records, "a record"),
        deleted("missing ban", .ledger, "ban", "%", named: .records, "a record"),
        deleted("missing hold", .ledger, "held", "bob", "a hold"),
        deleted("missing attempt of a hold", .attempts, "H", "bob", "held"),
        purchases("missing purchase", "delete from purchases"),
        purchases("purchase of another user", "update purchases set user_id = 'thief'"),
        purchases("purchase at another time", "update purchases set purchased_at = purchased_at + interval '1 us'"),
        purchases("purchase with another ticket", "update purchases set ticket = ''"),
        purchases("purchase of another item", "update purchases set item_id = 8"),
        purchases("purchase of another unit", "update purchases set unit = 11"),
        Corruption("duplicate attempt") { market in
            let victim = try await market.attempt("S")
            try await market.force(
                "insert into attempts select * from attempts where \(market.condition(victim.place))"
            )
            return Clue(table: .attempts, place: victim.place, user: victim.user, expected: "one")
        },
        Corruption("deleted refusal") { market in
            let victim = try await market.attempt("S", user: "ida")
            try await market.force("delete from attempts where \(market.condition(victim.place))")
            return Clue(table: .attempts, place: nil, user: nil, expected: "27 rows")
        },
        Corruption("a purchase that nobody recorded") { market in
            try await market.force(
                """
                insert into purchases select id, 11, stock, user_limit, 'stranger', 1, 7,
                    decode(md5('stranger' || id), 'hex'), '', now() from sales where id = \(market.open.id)
                """
            )
            return Clue(table: .purchases, place: nil, user: "stranger", expected: "no row")
        },
    ]

    @Test func eachIsNamed() async throws {
        try await Shop.with { shop in
            for (number, corruption) in ReplayCorruptionTests.all.enumerated() {
                let market = try await AuditMarket.make(shop, number)
                let clean = try await market.audit()
                #expect(clean.divergence == nil, "\(corruption.name): \(clean.divergence?.sentence ?? "")")
                let clue = try await corruption.apply(market)
                let audit = try await market.audit()
                let found = try #require(audit.divergence, "\(corruption.name) was not found")
                let name = "\(corruption.name): \(found.sentence)"
                #expect(!audit.isClean)
                #expect(found.sale == market.open.id)
                if corruption.name == "nobody was banned" {
                    // The ban itself is possible; what it led to is not.
                    #expect(found.user == "eve" && found.recorded == "banned" && found.expected == "held", "\(name)")
                    continue
                }
                #expect(found.table == clue.table, "\(name)")
                if let place = clue.place { #expect(found.place == place, "\(name)") }
                if let user = clue.user { #expect(found.user?.text == user, "\(name)") }
                #expect(found.expected.contains(clue.expected), "\(name)")
            }
        }
    }

    /// A refusal in front of which a lapsed hold should have come back.
    @Test func aUnitThatShouldHaveComeBackIsNoticed() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale(stock: 1)
            let holds = try await open.checkout(["anna", "bob"], expect: "HS")
            try await open.drainLedger()
            try await open.drainAttempts()
            let market = AuditMarket(shop: shop, open: open)
            try await market.force(
                """
                insert into attempts select sale_id, epoch, seq + 1, 0, at + interval '61 s', item_id, 'S', 'carl'
                from attempts where sale_id = \(open.id) and outcome = 'S'
                """
            )
            let found = try #require(try await market.audit().divergence)
            #expect(found.user == "carl" && found.holdID == holds[0])
            #expect(found.why.contains("the hold of user 'anna' had lapsed"), "\(found.sentence)")
        }
    }
}
