import Foundation
import TestSupport
import Testing

@testable import flashctl

/// The words of the shell for the daily looks.
@Suite(.serialized) struct ShortFormTests {
    private func shell(_ lines: String, _ stores: CommandStack) async throws -> BuiltBinary.Outcome {
        try await BuiltBinary.script(
            "\"$0\" shell -c \"$LINES_TO_RUN\"",
            environment: [
                "REDIS_URL": stores.stack.redisURL, "POSTGRES_URL": stores.stack.postgresURL, "HOME": "/nonexistent",
                "LC_ALL": "C.UTF-8", "LINES_TO_RUN": lines,
            ]
        )
    }

    @Test func theStockAndTheLastRecords() async throws {
        try await ShopServer.with(stock: 3) { shop in
            let buyer = try await ShopClient.connect(port: shop.port)
            for user in ["alice", "bob", "carol", "dave"] {
                _ = try await buyer.send("POST", "/checkout?user_id=\(user)&id=7")
            }
            try await buyer.close()
            try await shop.eventually("select count(*)::text from attempts", is: "4")
            let stock = try await shell("stock", shop.stores)
            #expect(stock.status == 0, "\(stock.talk)")
            #expect(stock.output.contains("▒ 3 held (100.0 %)  ░ 0 free"), "\(stock.output)")
            let json = try await shell("\\pset format json; stock", shop.stores)
            let facts = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
            #expect(facts?["held"] as? Int == 3 && facts?["free"] as? Int == 0 && facts?["sold"] as? Int == 0)
            // The last ones first; of an outcome; of a user.
            let all = try await shell("attempts", shop.stores).output
            let order = ["dave", "carol", "bob", "alice"].compactMap { all.range(of: $0)?.lowerBound }
            #expect(order.count == 4 && order == order.sorted(), "\(all)")
            let refused = try await shell("attempts sold_out", shop.stores).output
            #expect(refused.contains("dave") && !refused.contains("carol") && refused.contains("(1 row)"))
            let own = try await shell("attempts bob", shop.stores).output
            #expect(own.contains("bob") && own.contains("held") && own.contains("(1 row)"))
            let rows = try await shell("attempts -o json bob --sale current", shop.stores)
            let list = try JSONSerialization.jsonObject(with: Data(rows.output.utf8)) as? [[String: Any]]
            #expect(list?.count == 1 && list?[0]["user_id"] as? String == "bob")
            let ledger = try await shell("ledger", shop.stores).output
            #expect(ledger.contains("carol") && ledger.contains("held") && !ledger.contains("dave"))
        }
    }

    @Test func withoutASaleTheySayWhatToDo() async throws {
        try await CommandStack.with { stores in
            for line in ["stock", "attempts", "ledger", "sale"] {
                let outcome = try await shell(line, stores)
                #expect(outcome.status == 1, "\(line)")
                #expect(outcome.talk.contains("there is no sale"), "\(line): \(outcome.talk)")
                #expect(outcome.talk.contains("next step"), "\(line): \(outcome.talk)")
            }
        }
    }

    @Test func everyOneHasHelp() async throws {
        try await CommandStack.with { stores in
            let list = try await shell("\\?", stores).output
            for form in ShortForms.all {
                #expect(list.contains("  \(form.usage) "), "\(form.name)")
                let help = try await shell("\\h \(form.name)", stores)
                #expect(help.status == 0 && help.output.hasPrefix("\(form.usage): \(form.abstract)"), "\(help)")
            }
            #expect(try await shell("\\h user", stores).output.contains("Short for: inspect-user"))
        }
    }
}
