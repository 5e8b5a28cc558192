import FlashSaleKit
import Testing

@testable import flashctl

/// Two spellings that look alike are two users: for Redis and Postgres, which compare bytes, and so for everything that
/// reads them.
@Suite(.serialized) struct SpellingTests {
    /// Groups of names that Swift's `String` calls equal, or that nobody tells apart by eye.
    private static let groups = [
        ["jos\u{E9}", "jose\u{301}"],
        ["\u{C5}ke", "A\u{30A}ke", "\u{212B}ke"],
        ["\u{D55C}", "\u{1112}\u{1161}\u{11AB}"],
        ["anna", "an\u{200D}na"],
    ]
    private static let names = groups.flatMap(\.self)

    @Test func usersWhoLookAlikeAreTwoUsersForEveryCommand() async throws {
        try await ShopServer.with(stock: 100, limit: 1) { shop in
            try await buy(shop)
            // A ban hits one spelling of each group and leaves the other one alone.
            for group in SpellingTests.groups {
                let outcome = try await shop.stores.run(BanCommand.self, group[1], "--reason", "spelling")
                #expect(outcome.status == .success, "\(outcome)")
            }
            try await shop.eventually("select count(*) from ledger where kind = 'ban'", is: "4")
            try await expectNoFinding(shop)
            try await expectUsers(shop)
            try await expectSeparateRecords(shop)
        }
    }

    @Test func aNameThatNobodyHasUsedIsDoubtedAndNearOnesAreNamed() async throws {
        try await ShopServer.with(stock: 20, limit: 3) { shop in
            let client = try await ShopClient.connect(port: shop.port)
            for name in ["Anna", "ann%2Bvip", "jose%CC%81"] {
                let held = try await client.checkout(name)
                #expect(held.status == 201, "\(held)")
            }
            try await client.close()
            try await shop.eventually("select count(*) from ledger where kind = 'held'", is: "3")
            try await shop.eventually("select count(*) from attempts", is: "3")
            for (typed, near, shown) in [
                ("anna", "Anna", "'Anna'"), ("ann vip", "ann+vip", "'ann+vip'"),
                ("jos\u{E9}", "jose\u{301}", "'jose\\u{301}'"),
            ] {
                let looked = try await shop.stores.run(InspectUserCommand.self, typed)
                #expect(looked.status == .failure && looked.failure?.nextStep?.contains(shown) == true, "\(looked)")
                let told = try await shop.stores.run(ExplainCommand.self, typed, "--as", "user")
                #expect(told.status == .failure && told.failure?.nextStep?.contains(shown) == true, "\(told)")
                let never = try await shop.stores.run(UnbanCommand.self, typed, "--reason", "typed")
                #expect(never.status == .success && never.data.contains("on record is \(shown)"), "\(never)")
                let banned = try await shop.stores.run(BanCommand.self, typed, "--reason", "typed", "-o", "ndjson")
                let change = try #require((try flashctlTests.json(banned.data, "changes") as? [[String: Any]])?.first)
                #expect(change["result"] as? String == "changed", "the ban counts all the same")
                #expect(change["user_on_record"] as? Bool == false)
                let names = (change["near_users"] as? [String] ?? []).map { Array($0.utf8) }
                #expect(names.contains(Array(near.utf8)), "\(banned.data)")
            }
            let known = try await shop.stores.run(BanCommand.self, "Anna", "--reason", "bot")
            #expect(known.status == .success && !known.data.contains("on record"), "\(known)")
        }
    }

    @Test func aNameThatIsTooLongIsAnsweredWithItsLength() async throws {
        try await ShopServer.with(stock: 20, limit: 3) { shop in
            let client = try await ShopClient.connect(port: shop.port)
            // 255 bytes, each percent-encoded, fit into a request line.
            let longest = String(repeating: "%C3%A9", count: 127) + "%78"
            let held = try await client.checkout(longest)
            #expect(held.status == 201, "\(held)")
            let bought = try await client.purchase(try #require(held["code"]))
            #expect([200, 202].contains(bought.status), "\(bought)")
            let refused = try await client.checkout(String(repeating: "x", count: 256))
            #expect(refused.status == 400 && refused.body.contains("not 256 bytes"), "\(refused)")
            try await client.close()
            try await shop.eventually("select octet_length(user_id) from purchases", is: "255")
            #expect(try await shop.stores.run(VerifyCommand.self).status == .success)
        }
        let error = #expect(throws: (any Error).self) {
            try BanCommand.parse([String(repeating: "x", count: 300), "--reason", "x"])
        }
        #expect(error.map { BanCommand.message(for: $0).contains("not 300 bytes") } == true)
    }

    /// Each spelling buys its one unit, and is refused the second one.
    private func buy(_ shop: ShopServer) async throws {
        let client = try await ShopClient.connect(port: shop.port)
        for name in SpellingTests.names {
            let encoded = name.utf8.map { byte in
                let digits = String(byte, radix: 16, uppercase: true)
                return "%" + (digits.count == 1 ? "0" + digits : digits)
            }.joined()
            let held = try await client.checkout(encoded)
            #expect(held.status == 201, "\(held)")
            let bought = try await client.purchase(try #require(held["code"]))
            #expect([200, 202].contains(bought.status), "\(bought)")
            #expect(try await client.checkout(encoded).status == 429)
        }
        try await client.close()
        try await shop.eventually("select count(*) from purchases", is: "\(SpellingTests.names.count)")
        try await shop.eventually("select count(*) from attempts", is: "\(2 * SpellingTests.names.count)")
    }

    private func expectNoFinding(_ shop: ShopServer) async throws {
        let verified = try await shop.stores.run(VerifyCommand.self, "-o", "json")
        #expect(verified.status == .success, "\(verified)")
        let replayed = try await shop.stores.run(ReplayAttemptsCommand.self)
        #expect(replayed.status == .success, "\(replayed)")
        let planned = try await shop.stores.run(ReconcileCommand.self, "--plan", "-o", "ndjson")
        #expect(planned.status == .success, "\(planned)")
        #expect((try flashctlTests.json(planned.data, "steps") as? [Any])?.isEmpty == true, "\(planned.data)")
    }

    private func expectUsers(_ shop: ShopServer) async throws {
        for group in SpellingTests.groups {
            var shown: [String] = []
            for (number, name) in group.enumerated() {
                let inspected = try await shop.stores.run(InspectUserCommand.self, name, "-o", "ndjson")
                #expect(inspected.status == .success, "\(inspected)")
                #expect(try flashctlTests.json(inspected.data, "sold") as? Int == 1)
                #expect(try flashctlTests.json(inspected.data, "agrees") as? Bool == true, "\(inspected.data)")
                #expect(try flashctlTests.json(inspected.data, "banned") as? Bool == (number == 1))
                let user = try #require(try flashctlTests.json(inspected.data, "user") as? String)
                #expect(Array(user.utf8) == Array(name.utf8), "data has the exact bytes")
                let explained = try await shop.stores.run(ExplainCommand.self, name, "--as", "user", "-o", "ndjson")
                let lines = try #require(try flashctlTests.json(explained.data, "timeline") as? [[String: Any]])
                #expect(lines.count { $0["kind"] as? String == "purchased" } == 1, "\(explained.data)")
                let text = try await shop.stores.run(InspectUserCommand.self, name)
                shown.append(text.data.split(separator: "\n").first { $0.contains("user") }.map(String.init) ?? "")
            }
            let bytes = Set(shown.map { Array($0.utf8) })
            #expect(bytes.count == group.count && shown.allSatisfy { !$0.isEmpty }, "told apart by eye: \(shown)")
            #expect(shown.dropFirst().allSatisfy { $0.contains("\\u{") }, "\(shown)")
        }
    }

    private func expectSeparateRecords(_ shop: ShopServer) async throws {
        let all = try await shop.stores.run(ReplayAttemptsCommand.self, "--export")
        var users: Set<[UInt8]> = []
        for line in all.data.split(separator: "\n") {
            users.insert(Array((try flashctlTests.json(String(line), "user") as? String ?? "").utf8))
        }
        #expect(users == Set(SpellingTests.names.map { Array($0.utf8) }))
        for name in SpellingTests.names {
            let one = try await shop.stores.run(ReplayAttemptsCommand.self, "--export", "--user", name)
            #expect(one.data.split(separator: "\n").count == 2, "\(one.data)")
        }
    }
}
