import Testing

@testable import FlashSaleKit

@Suite("explain: everything that happened, in order and with its reasons", .serialized)
struct ExplanationTests {
    /// The kinds of lines without what Redis has now.
    private func kinds(_ explanation: Explanation) -> [TimelineLine.Kind] {
        explanation.lines.map(\.kind).filter { $0 != .state }
    }

    private func ordered(_ explanation: Explanation) -> Bool {
        let steps = explanation.lines.compactMap(\.step)
        return zip(steps, steps.dropFirst()).allSatisfy { $0 < $1 || $0 == $1 }
            && zip(explanation.lines, explanation.lines.dropFirst()).allSatisfy { $0.at <= $1.at }
    }

    @Test("A user's timeline has every decision in the order of the sale, with the units in front of it")
    func user() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 4, limit: 2)
            let holds = try await sale.checkout(["anna", "anna", "anna", "bob"], expect: "HHLH")
            try await sale.purchase([holds[0]])
            try await sale.checkout(["carl", "anna", "dora"], expect: "HSS")
            try await sale.control(.ban(user: "anna"), why: "fraud")
            try await sale.release([holds[1]])
            try await sale.checkout(["anna"], expect: "B")
            // Twice: what was in the journal is in Postgres afterwards, and says the same.
            for isDrained in [false, true] {
                if isDrained { try await sale.drain() }
                let anna = try await sale.explain(.user("anna"))
                let wanted: [TimelineLine.Kind] = [
                    .opened, .attempt, .held, .attempt, .held, .attempt, .purchased, .attempt, .ban, .released,
                    .attempt,
                ]
                #expect(kinds(anna) == wanted)
                #expect(ordered(anna))
                #expect(anna.agreement == .agrees)
                let attempts = anna.lines.filter { $0.kind == .attempt }
                #expect(
                    attempts.map(\.why) == [
                        "held: a unit was free, free 4, held 0, sold 0; the user held 0 and had bought 0 of at most 2",
                        "held: a unit was free, free 3, held 1, sold 0; the user held 1 and had bought 0 of at most 2",
                        "refused: user limit, the user held 2 and had bought 0 of at most 2, free 2, held 2, sold 0",
                        "refused: sold out, free 0, held 3, sold 1", "refused: banned, 'fraud' by ops",
                    ]
                )
                let place: RecordPlace = isDrained ? .attempts : .journal
                #expect(attempts.allSatisfy { $0.places == [place] })
                let bought = try #require(anna.lines.first { $0.kind == .purchased })
                #expect(bought.places == (isDrained ? [.ledger, .purchases] : [.journal]))
                #expect(bought.unit == 1)
                #expect(anna.lines.last?.kind == .state)
                #expect(anna.lines.last?.why == "0 held and 1 bought of at most 2")
                #expect(anna.standing == nil)
            }
        }
    }

    @Test("A hold and its unit have one story, drained or not, and nobody else's")
    func holdAndUnit() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 10, limit: 4)
            try await sale.control(.pauseCheckout)
            try await sale.control(.resumeCheckout)
            let holds = try await sale.checkout(["bob", "anna"], expect: "HH")
            try await sale.control(.pauseCheckout, why: "price is wrong")
            try await sale.purchase([holds[1]], ticket: "WIN-9")
            try await sale.control(.resumeCheckout)
            for isDrained in [false, true] {
                if isDrained { try await sale.drain() }
                let hold = try await sale.explain(.hold(holds[1]))
                // The pause that lay between its beginning and its end concerns it, the others do not.
                #expect(kinds(hold) == [.attempt, .held, .control, .purchased])
                #expect(hold.lines.allSatisfy { $0.user == nil || $0.user == "anna" })
                #expect(hold.lines.last?.what == "now it has a receipt")
                #expect(hold.user == "anna")
                #expect(hold.standing?.redis == .receipt(unit: 1))
                #expect(hold.standing?.answer.status == (isDrained ? 200 : 202))
                let unit = try await sale.explain(.unit(1))
                #expect(unit.lines == hold.lines || kinds(unit) == kinds(hold))
                #expect(unit.holdID == holds[1])
                #expect(unit.subject == .unit(1))
            }
            #expect(try await sale.inspection.explain(.unit(2), in: sale.id) == nil)
            #expect(try await sale.inspection.sales(of: holds[0], among: [sale.id]) == [sale.id])
        }
    }

    @Test("For every end of a hold it says what the API would answer now")
    func answers() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 10, limit: 9)
            let holds = try await sale.checkout(Array(repeating: "anna", count: 6))
            func answer(_ hold: HoldID) async throws -> String {
                let standing = try #require(try await sale.explain(.hold(hold)).standing)
                return "\(standing.answer.status) \(standing.answer.word)"
            }
            try await sale.drain()
            try await sale.purchase([holds[0]])
            try await sale.release([holds[1]])
            try await sale.lapse(holds[2])
            #expect(try await answer(holds[2]) == "404 expired_code")
            #expect(try await sale.expire() == 1)
            #expect(try await answer(holds[0]) == "202 pending")
            // As long as its end is not in Postgres, nobody can tell what it was.
            #expect(try await answer(holds[1]) == "404 unknown_code")
            try await sale.drain()
            #expect(try await answer(holds[0]) == "200 success")
            #expect(try await answer(holds[1]) == "404 expired_code")
            #expect(try await answer(holds[2]) == "404 expired_code")
            #expect(try await answer(holds[3]) == "200 success")
            #expect(try await answer(HoldID(high: 1, low: 1)) == "404 unknown_code")
            try await sale.control(.pausePurchase)
            #expect(try await answer(holds[3]) == "503 paused")
            try await sale.send("HSET", sale.keys.sale, "state", "recovering")
            #expect(try await answer(holds[3]) == "503 unavailable")
            let ended = try await sale.explain(.hold(holds[1]))
            #expect(ended.standing?.postgres == .released)
            #expect(ended.standing?.redis == HoldStanding.InRedis.none)
            #expect(try await !sale.explain(.hold(HoldID(high: 1, low: 1))).hasTrace)
        }
    }

    @Test("Older lines are left out and counted; what happened before still counts")
    func limits() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 2, limit: 1)
            try await sale.checkout(["anna", "bob"], expect: "HH")
            for _ in 0..<20 { try await sale.checkout(["anna"], expect: "S") }
            try await sale.drain()
            let all = try await sale.explain(.user("anna"))
            let few = try await sale.explain(.user("anna"), limit: 5)
            #expect(few.lines.count == 5)
            #expect(all.leftOut == 0)
            #expect(few.leftOut == all.lines.count - 5)
            #expect(few.lines.map(\.why) == all.lines.suffix(5).map(\.why))
        }
    }

    @Test("A sale that was rebuilt tells so in its timeline, and agrees again")
    func rebuilt() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 5, limit: 3)
            let holds = try await sale.checkout(["anna", "anna"], expect: "HH")
            try await sale.drain()
            try await sale.send("DEL", sale.keys.users)
            let later = try await sale.validated()
            let more = try await later.checkout(["anna"], expect: "H")
            try await later.purchase(more)
            try await later.drain()
            let anna = try await later.explain(.user("anna"))
            #expect(ordered(anna))
            #expect(kinds(anna).contains(.recovery))
            #expect(kinds(anna).contains(.rebuilt))
            #expect(anna.lines.compactMap(\.step).last?.epoch == later.epoch)
            #expect(anna.agreement == .agrees)
            #expect(try await later.inspect("anna").holds.count == 2)
            #expect(try await later.explain(.hold(holds[0])).agreement == .agrees)
        }
    }

    @Test("Rows that Postgres refused are told to those whom they are about")
    func deadLetters() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale()
            try await sale.checkout(["anna"], expect: "H")
            try await sale.pushAttempts(Array("anna\t0\nbob\t7\n".utf8), letters: "S", count: 2)
            try await sale.drain()
            let anna = try await sale.explain(.user("anna"))
            let letter = try #require(anna.lines.first { $0.kind == .deadLetter })
            #expect(letter.places == [.deadLetters])
            #expect(letter.why.contains("it waits for repair"))
            #expect(try await !sale.explain(.user("bob")).lines.contains { $0.kind == .deadLetter })
        }
    }

    @Test("A finished sale is told from Postgres alone")
    func finished() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 5, limit: 3)
            let holds = try await sale.checkout(["anna", "anna"], expect: "HH")
            try await sale.purchase([holds[0]])
            try await sale.release([holds[1]])
            try await sale.drain()
            _ = try await shop.postgres.query("update sales set finished_at = now() where id = \(sale.id)")
            try await sale.send("FLUSHALL")
            let anna = try await sale.explain(.user("anna"))
            #expect(anna.agreement == .agrees)
            #expect(kinds(anna).last == .released)
            let (bought, released) = (try await sale.explain(.hold(holds[0])), try await sale.explain(.hold(holds[1])))
            #expect(bought.standing?.answer.status == 200)
            #expect(released.standing?.answer.word == "expired_code")
            #expect(bought.standing?.redis == .notAsked)
        }
    }
}
