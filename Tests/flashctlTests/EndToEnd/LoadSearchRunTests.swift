import Foundation
import TestSupport
import Testing

@testable import flashctl

/// `--find-max` against a real server: what it tries, what it shows and what it writes.
@Suite(.serialized) struct LoadSearchRunTests {
    private func search(_ shop: ShopServer, _ arguments: [String]) async throws -> BuiltBinary.Outcome {
        let fixed = [
            "loadtest", "--target", "http://127.0.0.1:\(shop.port)", "--yes-i-mean", "127.0.0.1", "--duration", "1s",
            "--seed", "3",
        ]
        return try await BuiltBinary.run(fixed + arguments + shop.stores.addresses)
    }

    @Test func theLimitIsFoundAndDrawn() async throws {
        try await ShopServer.with(stock: 5) { shop in
            try await withFolder { folder in
                // Whatever the machine, a second of 40 requests a second has no more than 50.
                let outcome = try await search(
                    shop,
                    ["--rate", "20/s", "--find-max", "all.count<50", "--report", folder + "/knee.html", "-o", "json"]
                )
                // A busy machine makes the generator the limit, and then it says so.
                #expect([0, 97, 99].contains(outcome.status), "\(outcome)")
                let text = outcome.output
                #expect(try json(text, "verdict", "exit_status") as? Int == Int(outcome.status))
                let steps = try #require(try json(text, "search", "steps") as? [[String: Any]])
                #expect(steps.first?["rate"] as? Double == 20 && steps.count > 2)
                for step in steps where step["holds"] as? Bool == true {
                    #expect(step["value"] as? Int ?? .max < 50)
                    #expect(step["rate"] as? Double ?? .infinity <= 50)
                }
                if outcome.status == 0 {
                    let best = try #require(try json(text, "search", "best_rate") as? Double)
                    #expect(best > 45 && best <= 50)
                }
                let page = try String(contentsOfFile: folder + "/knee.html", encoding: .utf8)
                #expect(page.contains("id=\"knee\"") && page.contains("Highest rate") && page.hasSuffix("</html>\n"))
                #expect(try json(text, "totals", "sent") as? Int ?? 0 >= 20, "all loads are in the timeline")
            }
        }
    }

    @Test func peopleSeeTheRatesThatWereTried() async throws {
        try await ShopServer.with(stock: 5) { shop in
            let outcome = try await search(shop, ["--rate", "2/s", "--find-max", "held.count>1000"])
            #expect([97, 99].contains(outcome.status), "\(outcome)")
            #expect(outcome.output.contains("no rate was found at which held.count>1000"))
            #expect(outcome.output.contains("asked for  achieved  held.count  result"))
            #expect(outcome.output.contains("does not hold"))
        }
    }
}
