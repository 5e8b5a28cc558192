import FlashSaleKit
import TestSupport
import Testing

@testable import flashctl

@Suite(.serialized) struct ExplainCommandTests {
    @Test func aCodeItsHoldItsUnitAndItsUserAreExplainedAndTheCodeIsNeverShown() async throws {
        try await ShopServer.with(stock: 20, limit: 3) { shop in
            let codes = try await shop.buyer()
            let code = try #require(HoldCode(parsing: Array(codes[0].utf8)))
            let hold = code.holdID.description
            for subject in [codes[0], codes[0].lowercased(), hold, "1"] {
                for format in ["table", "json", "yaml", "ndjson"] {
                    let outcome = try await shop.stores.run(ExplainCommand.self, subject, "-o", format)
                    #expect(outcome.status == .success, "\(outcome)")
                    #expect(outcome.data.contains(hold))
                    #expect(!(outcome.data + outcome.talk).uppercased().contains(codes[0]))
                }
            }
            let typed = try await shop.stores.run(ExplainCommand.self, ["-"], answers: [codes[0]])
            #expect(typed.data.contains(hold))
            #expect(try await shop.stores.run(ExplainCommand.self, ["-"], answers: []).status == .usage)
            let unit = try await shop.stores.run(ExplainCommand.self, "1", "-o", "ndjson")
            #expect(try flashctlTests.json(unit.data, "kind") as? String == "unit")
            #expect(try flashctlTests.json(unit.data, "user") as? String == "anna")
            #expect(try flashctlTests.json(unit.data, "standing", "api_status") as? Int == 200)
            let lines = try #require(try flashctlTests.json(unit.data, "timeline") as? [[String: Any]])
            #expect(lines.compactMap { $0["kind"] as? String } == ["attempt", "held", "purchased", "state"])
            #expect(lines.allSatisfy { ($0["recorded_in"] as? [String])?.isEmpty == false })
            let text = try await shop.stores.run(ExplainCommand.self, "anna")
            #expect(text.data.contains("held: a unit was free, free 20, held 0, sold 0; the user held 0"))
            #expect(text.data.contains("becomes unit 1: number 1 of the user"))
            #expect(text.data.contains("[Postgres ledger, Postgres purchases]"))
        }
    }

    @Test func aNumberIsAUnitAndMayBeAUserToo() async throws {
        try await ShopServer.with(stock: 20, limit: 3) { shop in
            _ = try await shop.buyer()
            let client = try await ShopClient.connect(port: shop.port)
            #expect(try await client.checkout("1").status == 201)
            try await client.close()
            let unit = try await shop.stores.run(ExplainCommand.self, "1", "-o", "ndjson")
            #expect(try flashctlTests.json(unit.data, "kind") as? String == "unit")
            #expect(unit.talk.contains("There is also a user '1'"))
            let user = try await shop.stores.run(ExplainCommand.self, "1", "--as", "user", "-o", "ndjson")
            #expect(try flashctlTests.json(user.data, "kind") as? String == "user")
            #expect(user.talk.isEmpty)
        }
    }

    @Test func whatNobodyKnowsEndsWithOneAndAnEmptyList() async throws {
        try await CommandStack.with { stores in
            _ = try await stores.run(RotateHourCommand.self)
            let hold = String(repeating: "0f", count: 16)
            for (subject, sentence) in [
                ("anna", "sale 1 knows no user 'anna'"), ("7", "sale 1 knows no unit '7'"),
                (hold, "sale 1 knows no hold '\(hold)'"),
            ] {
                let outcome = try await stores.run(ExplainCommand.self, subject, "-o", "json")
                #expect(outcome.status == .failure)
                #expect(outcome.data == "[]\n")
                #expect(outcome.failure?.message == sentence)
                #expect(outcome.failure?.nextStep != nil)
            }
        }
    }

    @Test func aCodeIsNeitherRepeatedNorTakenForSomethingElse() async throws {
        try await CommandStack.with { stores in
            _ = try await stores.run(RotateHourCommand.self)
            let code = HoldCode(saleID: try #require(SaleID(1)), high: 77, low: 78).description
            let unknown = try await stores.run(ExplainCommand.self, code)
            #expect(unknown.status == .failure)
            let wrong = try await stores.run(ExplainCommand.self, String(code.dropLast()) + "U")
            #expect(wrong.status == .badInput)
            let forced = try await stores.run(ExplainCommand.self, code, "--as", "user")
            #expect(forced.status == .badInput)
            let elsewhere = try await stores.run(ExplainCommand.self, code, "--sale", "2")
            #expect(elsewhere.status == .usage)
            for outcome in [unknown, wrong, forced, elsewhere] {
                let said = "\(outcome.failure?.message ?? "")\(outcome.failure?.nextStep ?? "")\(outcome.data)"
                #expect(!said.contains(code.dropLast()), "\(said)")
            }
        }
    }

    @Test func foreignTextDoesNotSteerTheTerminal() async throws {
        try await CommandStack.with { stores in
            _ = try await stores.run(RotateHourCommand.self)
            try await stores.withPostgres { postgres in
                _ = try await postgres.query(
                    """
                    insert into control_log (sale_id, actor, action, reason)
                    values (1, 'ops', 'shout', E'\\x1b]0;owned\\x07\\x1b[2J')
                    """
                )
                _ = try await postgres.query(
                    """
                    insert into attempts (sale_id, epoch, seq, idx, at, item_id, outcome, user_id)
                    values (1, 1, 2, 0, now(), 7, 'S', 'anna')
                    """
                )
            }
            let outcome = try await stores.run(ExplainCommand.self, "anna")
            #expect(outcome.data.contains("shout: '\\u{1b}]0;owned"), "\(outcome)")
            #expect(!outcome.data.contains("\u{1B}"))
            #expect(!outcome.data.contains("\u{7}"))
        }
    }

    @Test func argumentsAreChecked() throws {
        for arguments in [
            [], ["anna", "--limit", "0"], ["anna", "--as", "buyer"], ["x", "--as", "unit"], ["anna", "--as", "code"],
            ["anna", "--sale", "0"],
        ] {
            #expect(throws: (any Error).self, "\(arguments)") { try ExplainCommand.parse(arguments) }
        }
        #expect(try ExplainCommand.parse(["anna"]).sale == nil)
        #expect(try ExplainCommand.parse(["anna", "--sale", "all"]).sale == .all)
    }
}
