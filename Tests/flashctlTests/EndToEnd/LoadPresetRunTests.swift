import Foundation
import TestSupport
import Testing

@testable import flashctl

/// The presets at a small size, and comparisons of one run with another, against a real server.
@Suite(.serialized) struct LoadPresetRunTests {
    private func load(_ shop: ShopServer, _ arguments: [String]) async throws -> BuiltBinary.Outcome {
        let fixed = ["loadtest", "--target", "http://127.0.0.1:\(shop.port)", "--yes-i-mean", "127.0.0.1"]
        return try await BuiltBinary.run(fixed + arguments + shop.stores.addresses)
    }

    /// A busy machine makes the generator of the open model late, which is told and is no fault of the server.
    private func expectNoFault(_ outcome: BuiltBinary.Outcome) {
        #expect([0, 97].contains(outcome.status), "\(outcome)")
    }

    @Test func theMixOfK6IsVerified() async throws {
        try await ShopServer.with(stock: 30, limit: 2) { shop in
            let outcome = try await load(
                shop,
                ["--preset", "k6", "--rate", "100/s", "--duration", "4s", "--seed", "3", "--verify", "-o", "json"]
            )
            expectNoFault(outcome)
            let text = outcome.output
            #expect(try json(text, "title") as? String == "k6" && json(text, "model") as? String == "open")
            #expect(try json(text, "verification", "violations") as? Int == 0)
            #expect(try json(text, "metrics", "bad_request.count") as? Int ?? 0 > 0, "one visitor of ten is invalid")
            #expect(try json(text, "metrics", "checkout.count") as? Int ?? 0 > 100)
            #expect(try json(text, "metrics", "held.count") as? Int == 30)
            #expect(try json(text, "totals", "unsent") as? Int == 0)
        }
    }

    @Test func theCrowdOfTheHourIsVerified() async throws {
        try await ShopServer.with(stock: 30, limit: 2) { shop in
            let outcome = try await load(
                shop,
                [
                    "--preset", "hour", "--rate", "150/s", "--duration", "3s", "--spike-at", "now", "--seed", "3",
                    "--verify", "-o", "json",
                ]
            )
            expectNoFault(outcome)
            let text = outcome.output
            #expect(try json(text, "verification", "violations") as? Int == 0)
            #expect(try json(text, "metrics", "unknown_code.count") as? Int ?? 0 > 0, "some guess codes")
            #expect(try json(text, "metrics", "held.count") as? Int ?? 0 > 0)
            #expect(try json(text, "metrics", "oversold") as? Int == 0)
        }
    }

    @Test func oneMillionUsersAreOneOptionAway() async throws {
        try await ShopServer.with(stock: 10) { shop in
            let outcome = try await load(
                shop,
                ["--preset", "megaload", "--requests", "300", "--connections", "20", "--verify", "-o", "json"]
            )
            #expect(outcome.status == 0, "\(outcome)")
            #expect(try json(outcome.output, "model") as? String == "closed")
            #expect(try json(outcome.output, "metrics", "held.count") as? Int == 10)
            #expect(try json(outcome.output, "metrics", "sold_out.count") as? Int == 290)
        }
    }

    @Test func aRunIsComparedWithAnEarlierOne() async throws {
        try await ShopServer.with(stock: 5) { shop in
            try await withFolder { folder in
                let base = folder + "/base.json"
                let plan = ["--requests", "100", "--connections", "2"]
                let first = try await load(shop, plan + ["-o", "json"])
                #expect(first.status == 0, "\(first)")
                try write(first.output, to: base)
                // Nothing is held any more, and nothing is to be worse.
                let tolerances = ["--tolerance", "errors.share=0%", "--tolerance", "held.count=1000%"]
                let same = try await load(shop, plan + ["--compare", base] + tolerances)
                #expect(same.output.contains("errors.share"), "\(same)")
                let worse = try await load(
                    shop,
                    plan + ["--compare", base, "--tolerance", "held.rate=10%", "-o", "json"]
                )
                #expect(worse.status == 99, "\(worse)")
                #expect(try json(worse.output, "verdict", "word") as? String == "THRESHOLD FAILED")
                let missing = try await load(shop, plan + ["--compare", folder + "/none.json"])
                #expect(missing.status == 65 && missing.output.isEmpty, "\(missing)")
            }
        }
    }

    @Test(arguments: ["csv", "ndjson", "yaml", "table"])
    func everyFormatIsDataOnStandardOutput(format: String) async throws {
        try await ScriptedServer.serving({ _, _ in [.send(response(409, "{\"error\":\"sold_out\"}"))] }) { server in
            let outcome = try await BuiltBinary.run([
                "loadtest", "--requests", "60", "--connections", "2", "--target", server.target, "-o", format,
            ])
            #expect(outcome.status == 0, "\(outcome)")
            let lines = outcome.output.split(separator: "\n")
            switch format {
            case "csv":
                #expect(lines.first?.hasPrefix("start_s,") == true && lines.count >= 2)
                #expect(Set(lines.map { $0.split(separator: ",", omittingEmptySubsequences: false).count }).count == 1)
            case "ndjson":
                #expect(lines.count >= 2)
                for line in lines { #expect(try json(String(line), "kind") is String) }
                #expect(try json(String(lines.last ?? ""), "totals", "completed") as? Int == 60)
            case "yaml": #expect(outcome.output.contains("sold_out.count: 60"))
            default: #expect(outcome.output.contains("sold_out") && outcome.output.hasSuffix("OK  every check holds\n"))
            }
        }
    }
}
