import Testing

@testable import FlashSaleKit

/// What is stuck gets into Postgres, each row once.
@Suite(.serialized) struct PendingWorkTests {
    private func work(_ shop: Shop) -> PendingWork {
        PendingWork(redis: shop.redis, postgres: shop.postgres, actor: "ann")
    }

    /// Everything that a run could write.
    private func records(_ shop: Shop) async throws -> [String] {
        try await shop.postgres.query(
            """
            select 'ledger ' || l::text from ledger l union all select 'attempt ' || a::text from attempts a
            union all select 'purchase ' || p::text from purchases p
            union all select 'letter ' || d::text from dead_letter d
            union all select 'cursor ' || c::text from journal_cursor c
            union all select 'log ' || c::text from control_log c order by 1
            """
        ).map { try $0[0].text }
    }

    private func verify(_ sale: OpenSale) async throws -> [String] {
        let verification = Verification(redis: sale.shop.redis, postgres: sale.shop.postgres, patience: .zero)
        return try await verification.run(sale.id, depth: .full).findings.map(\.sentence)
    }

    private func divergence(_ sale: OpenSale) async throws -> String? {
        let row = try #require(try await sale.shop.store.find(sale.id))
        return try await ReplayAudit.run(row, on: sale.shop.postgres).divergence?.sentence
    }

    @Test func theJournalIsListedThenMovedOnceBesideOthers() async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let sale = try await shop.openSale(stock: 50)
            let holds = try await sale.checkout((0..<60).map { "user\($0)" })
            try await sale.purchase(Array(holds.prefix(20)))
            for round in 0..<100 { try await sale.checkout(["late\(round)", "later\(round)"]) }
            let before = try await records(shop)
            let survey = try await work(shop).survey(nil)
            #expect(survey.lags.map(\.entries).sorted() == [3, 101])
            #expect(survey.isStuck == false && survey.letters == [])
            #expect(try await records(shop) == before, "a survey writes nothing")

            // Two runs and a server's drains at the same time.
            let (second, third) = (try await shop.anotherProcess(), try await shop.anotherProcess())
            async let one = work(shop).run(nil)
            async let other = work(second).run(sale.id)
            let drains = OpenSale(shop: third, sale: sale.sale, epoch: sale.epoch)
            async let ledger = drains.drainLedger()
            async let attempts = drains.drainAttempts()
            let results = try await [one, other]
            _ = try await (ledger, attempts)
            #expect(results.allSatisfy { !$0.isStuck })
            #expect(try await shop.count("select count(*) from attempts") == 260)
            #expect(try await shop.count("select count(*) from purchases") == 20)
            #expect(try await verify(sale) == [])
            #expect(try await divergence(sale) == nil)
            let again = try await work(shop).run(nil)
            #expect(again.drained.allSatisfy { $0.entries == 0 } && !again.isStuck)
        }
    }

    /// A row that COPY would refuse harms no other one, and is written when its cause is gone.
    @Test func refusedAttemptsAreIsolatedAndRepairedLater() async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let sale = try await shop.openSale(stock: 3)
            let partition = AttemptsBatch.partition(of: sale.id)
            _ = try await shop.postgres.query("create unique index mistake on \(identifier: partition) (user_id)")
            try await sale.checkout(["anna", "bob", "anna", "carl", "bob"], expect: "HHHSS")
            let first = try await work(shop).run(nil)
            #expect(first.isStuck)
            #expect(first.drained.map(\.deadLetters) == [0, 2])
            // They were tried again at once, and the reason stays.
            #expect(first.letters.map(\.fate) == [.refused, .refused])
            #expect(try await shop.count("select count(*) from attempts") == 3)
            let survey = try await work(shop).survey(sale.id)
            #expect(survey.letters.map(\.fate) == [.waiting, .waiting])
            #expect(survey.letters.first?.letter.reason == "refused by mistake")
            #expect(try await divergence(sale)?.contains("'anna'") == true)

            _ = try await shop.postgres.query("drop index mistake")
            let second = try await shop.anotherProcess()
            async let one = work(shop).run(nil)
            async let other = work(second).run(nil)
            let repaired = try await [one, other].flatMap(\.letters)
            #expect(repaired.count { $0.fate == .repaired } == 2)
            #expect(try await shop.count("select count(*) from attempts") == 5)
            #expect(try await shop.count("select count(*) from dead_letter where repaired_at is null") == 0)
            #expect(try await shop.count("select count(*) from control_log where action = 'repair'") == 2)
            #expect(try await divergence(sale) == nil)
            #expect(try await verify(sale) == [])
        }
    }

    @Test func aRefusedPurchaseIsBoughtOnceItsCauseIsGone() async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let sale = try await shop.openSale()
            let holds = try await sale.checkout(["anna", "bob"])
            _ = try await shop.postgres.query(
                "alter table purchases add constraint purchases_mistake check (user_id <> 'bob')"
            )
            try await sale.purchase(holds)
            let first = try await work(shop).run(nil)
            #expect(first.letters.map(\.fate) == [.refused])
            #expect(first.letters.first?.why == "refused by purchases_mistake")
            let (lookup, bob) = (PurchaseLookup(postgres: shop.postgres), SaleHold(holds[1], of: sale.id))
            #expect(try await lookup.lookup([bob])[bob] == .pending)
            _ = try await shop.postgres.query("alter table purchases drop constraint purchases_mistake")
            // It makes no difference that Redis has lost everything since: the ledger has the purchase.
            _ = try await shop.redis.send(RedisCommand("FLUSHALL"))
            let second = try await work(shop).run(nil)
            #expect(second.letters.map(\.fate) == [.repaired])
            guard case .purchased(let receipt) = try await lookup.lookup([bob])[bob] else {
                Issue.record("bob has bought")
                return
            }
            #expect(receipt.unit == 2)
            #expect(try await divergence(sale) == nil)
        }
    }

    /// A payload at fault has to be corrected; a letter of an older version needs its entry.
    @Test func whatCannotBeRepairedSaysWhy() async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let sale = try await shop.openSale(stock: 1)
            try await sale.checkout(["anna"])
            try await sale.pushAttempts([0xFF] + Array("\t7\nbob\t0\n".utf8), letters: "SS", count: 2, seq: 3)
            _ = try await shop.redis.send(RedisCommand("HSET", sale.keys.sale, "seq", "3"))
            try await sale.push(.attempts, [("x", Array("no entry of ours".utf8))])
            let first = try await work(shop).run(nil)
            #expect(first.letters.map(\.fate) == [.unrepairable, .unrepairable, .unrepairable])
            #expect(first.letters[0].why?.contains("no UTF-8; correct payload in dead_letter") == true)
            #expect(first.letters[1].why?.contains("the item id is no integer") == true)
            #expect(first.letters[2].why?.contains("fields are missing") == true)
            #expect(try await shop.count("select count(*) from dead_letter where seq = 3 and at is not null") == 2)

            let payload = Array("bea\t7\tS".utf8)
            _ = try await shop.postgres.query("update dead_letter set payload = \(payload) where idx = 0")
            // As a letter of an older version is: it does not say its step, and Redis still has its entry.
            _ = try await shop.postgres.query("update dead_letter set epoch = null, seq = null, at = null")
            #expect(try await work(shop).survey(nil).letters.map(\.fate) == [.waiting, .unrepairable, .unrepairable])
            #expect(try await work(shop).run(nil).letters.map(\.fate) == [.repaired, .unrepairable, .unrepairable])
            let row = try await shop.postgres.query("select * from attempts where user_id = 'bea'").one()
            #expect(try row["seq"].int64 == 3)
            #expect(try row["epoch"].int64 == sale.epoch)
            #expect(try row["at"].timestamp == Timestamp(microseconds: 1_700_000_000_000_001))

            _ = try await shop.redis.send(RedisCommand("XTRIM", sale.keys.attempts, "MAXLEN", "0"))
            let gone = try await work(shop).survey(nil).letters
            #expect(gone.first?.why?.contains("its entry has left Redis") == true)
        }
    }

    @Test func aHoldThatARebuildDidNotKnowIsLeftToReconcile() async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let sale = try await shop.openSale()
            _ = try await shop.postgres.query("create unique index mistake on ledger (user_id) where kind = 'held'")
            try await sale.checkout(["anna", "anna"], expect: "HH")
            #expect(try await work(shop).run(nil).letters.map(\.fate) == [.refused])
            _ = try await shop.redis.send(RedisCommand("FLUSHALL"))
            _ = try await sale.validated()
            _ = try await shop.postgres.query("drop index mistake")
            let result = try await work(shop).run(nil)
            #expect(result.letters.map(\.fate) == [.unrepairable])
            #expect(result.letters.first?.why?.contains("the sale was rebuilt without it") == true)
            #expect(try await shop.count("select count(*) from ledger where kind = 'held'") == 1)
        }
    }

    /// Both streams are written once, wherever the mover is killed: its transactions roll back or are complete.
    @Test func aLetterThatWasEnteredByHandIsNotWrittenTwice() async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let sale = try await shop.openSale(stock: 3)
            let partition = AttemptsBatch.partition(of: sale.id)
            _ = try await shop.postgres.query("create unique index mistake on \(identifier: partition) (user_id)")
            try await sale.checkout(["anna", "anna"], expect: "HH")
            _ = try await work(shop).run(nil)
            _ = try await shop.postgres.query("drop index mistake")
            _ = try await shop.postgres.query(
                """
                insert into attempts select sale_id, epoch, seq, idx, at, 7, 'H', 'anna' from dead_letter
                """
            )
            #expect(try await work(shop).run(nil).letters.map(\.fate) == [.repaired])
            #expect(try await shop.count("select count(*) from attempts") == 2)
        }
    }
}
