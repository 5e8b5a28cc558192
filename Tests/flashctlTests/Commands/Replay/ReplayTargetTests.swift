import FlashSaleKit
import Testing

@testable import flashctl

/// Past traffic against a fresh sale on a real server: it decides the same again.
@Suite(.serialized) struct ReplayTargetTests {
    /// Buyers who come back, pay, give back and are refused for every reason but a ban.
    private func trade(_ shop: ShopServer) async throws {
        let client = try await ShopClient.connect(port: shop.port)
        var random = SystemRandomNumberGenerator()
        var codes: [String] = []
        var attempts = 0
        for _ in 0..<150 {
            let user = "k%C3%A4the%20\(Int.random(in: 0..<14, using: &random))"
            let reply = try await client.checkout(user, item: Int.random(in: 1...9, using: &random))
            attempts += 1
            if let code = reply["code"] { codes.append(code) }
            guard Int.random(in: 0..<3, using: &random) == 0, let code = codes.randomElement(using: &random) else {
                continue
            }
            codes.removeAll { $0 == code }
            if Bool.random(using: &random) {
                #expect(try await client.purchase(code).status == 200)
            } else {
                #expect(try await client.send("DELETE", "/checkout?code=\(code)").status == 200)
            }
        }
        try await client.close()
        #expect(try await shop.load(100, runID: "crowd") { $0.purchasePercent = 30 }.status == .success)
        try await shop.eventually("select count(*) from attempts", is: "\(attempts + 100)")
        // The last returns may still be in the journal.
        #expect(try await shop.stores.run(ReplayAttemptsCommand.self, "--pending").status == .success)
    }

    private func outcomes(_ shop: ShopServer) async throws -> [String?] {
        try await shop.row(
            """
            select count(*) filter (where outcome = 'H'), count(*) filter (where outcome = 'S'),
                count(*) filter (where outcome = 'L') from attempts
            """
        )
    }

    @Test(arguments: [["--speed", "max"], ["--speed", "max", "--connections", "1"], ["--speed", "100x"]])
    func aFreshSaleDecidesTheSame(options: [String]) async throws {
        try await ShopServer.with(stock: 20, limit: 2) { original in
            try await trade(original)
            try await ShopServer.with(stock: 20, limit: 2) { fresh in
                let target = ["--target", "http://127.0.0.1:\(fresh.port)", "-o", "json"]
                let outcome = try await original.stores.run(ReplayAttemptsCommand.self, target + options)
                #expect(outcome.status == .success, "\(outcome)")
                #expect(try json(outcome.data, "reproduced") as? Bool == true)
                #expect(try json(outcome.data, "differing_attempts") as? Int == 0)
                #expect(try json(outcome.data, "skipped") as? Int == 0)
                #expect(try json(outcome.data, "load", "model") as? String == "scheduled")
                try await fresh.eventually("select count(*) from attempts", is: "250")
                #expect(try await outcomes(fresh) == (try await outcomes(original)))
                let sold = try await original.row("select count(*) from ledger where kind = 'purchased'")[0] ?? ""
                try await fresh.eventually("select count(*) from purchases", is: sold)
            }
        }
    }

    @Test func anotherStockIsNoticed() async throws {
        try await ShopServer.with(stock: 20, limit: 2) { original in
            #expect(try await original.load(60, runID: "crowd").status == .success)
            try await original.eventually("select count(*) from attempts", is: "60")
            try await ShopServer.with(stock: 15, limit: 2) { fresh in
                let target = ["--target", "http://127.0.0.1:\(fresh.port)", "--speed", "max"]
                let outcome = try await original.stores.run(ReplayAttemptsCommand.self, target)
                #expect(outcome.status == .thresholdFailed)
                #expect(outcome.data.contains("not reproduced"))
                #expect(outcome.data.contains("held then, 409 now"))
                let lenient = try await original.stores.run(
                    ReplayAttemptsCommand.self,
                    target + ["--tolerance", "100"]
                )
                #expect(lenient.status == .success, "\(lenient)")
            }
        }
    }

    @Test func outOfOrderEachUserKeepsTheOrderAndATargetThatIsAwayIsSaid() async throws {
        try await ShopServer.with(stock: 20, limit: 2) { original in
            try await trade(original)
            try await ShopServer.with(stock: 20, limit: 2) { fresh in
                let target = ["--target", "http://127.0.0.1:\(fresh.port)", "--speed", "max", "--no-ordered"]
                let outcome = try await original.stores.run(
                    ReplayAttemptsCommand.self,
                    target + ["--tolerance", "100", "-o", "json"]
                )
                #expect(outcome.status == .success, "\(outcome)")
                #expect(try json(outcome.data, "load", "answered") as? Int ?? 0 >= 250)
            }
            let away = try await original.stores.run(ReplayAttemptsCommand.self, "--target", "http://127.0.0.1:1")
            #expect(away.status == .unreachable)
        }
    }
}
