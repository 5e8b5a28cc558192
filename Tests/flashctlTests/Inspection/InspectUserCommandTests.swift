import FlashSaleKit
import Foundation
import TestSupport
import Testing

@testable import flashctl

@Suite(.serialized) struct InspectUserCommandTests {
    @Test func aBuyerIsShownInEveryFormat() async throws {
        try await ShopServer.with(stock: 20, limit: 3) { shop in
            let buyer = try await shop.buyer()
            let json = try await shop.stores.run(InspectUserCommand.self, "anna", "-o", "ndjson")
            #expect(json.status == .success, "\(json)")
            #expect(try flashctlTests.json(json.data, "user") as? String == "anna")
            #expect(try flashctlTests.json(json.data, "held") as? Int == 1)
            #expect(try flashctlTests.json(json.data, "sold") as? Int == 1)
            #expect(try flashctlTests.json(json.data, "quota_left") as? Int == 1)
            #expect(try flashctlTests.json(json.data, "agrees") as? Bool == true)
            #expect(try flashctlTests.json(json.data, "outcomes", "held") as? Int == 2)
            #expect((try flashctlTests.json(json.data, "differences") as? [Any])?.isEmpty == true)
            let holds = try #require(try flashctlTests.json(json.data, "holds") as? [[String: Any]])
            #expect((holds.first?["left_ms"] as? Int ?? 0) > 0)
            let purchases = try #require(try flashctlTests.json(json.data, "purchases") as? [[String: Any]])
            #expect(purchases.first?["unit"] as? Int == 1)
            #expect(purchases.first?["committed"] as? Bool == true)
            let text = try await shop.stores.run(InspectUserCommand.self, "anna", "--attempts", "1")
            for part in ["1 held + 1 bought of at most 3", "Purchases, all committed", "Redis and Postgres agree"] {
                #expect(text.data.contains(part), "\(text.data)")
            }
            #expect(text.talk.isEmpty)
            let yaml = try await shop.stores.run(InspectUserCommand.self, "anna", "-o", "yaml", "--sale", "all")
            #expect(yaml.data.contains("user: \"anna\""))
            for outcome in [json, text, yaml] {
                for code in buyer { #expect(!outcome.data.uppercased().contains(code)) }
            }
        }
    }

    @Test func nobodyIsAnEmptyListAndEndsWithOne() async throws {
        try await CommandStack.with { stores in
            let none = try await stores.run(InspectUserCommand.self, "anna")
            #expect(none.failure?.message == "there is no sale")
            _ = try await stores.run(RotateHourCommand.self)
            let unknown = try await stores.run(InspectUserCommand.self, "ann\u{301}", "-o", "json")
            #expect(unknown.status == .failure)
            #expect(unknown.data == "[]\n")
            #expect(unknown.failure?.message == "sale 1 knows no user 'ann\\u{301}'")
            #expect(unknown.failure?.nextStep?.contains("--sale all") == true)
            let everywhere = try await stores.run(InspectUserCommand.self, "anna", "--sale", "all")
            #expect(everywhere.data.isEmpty)
            #expect(everywhere.failure?.message.hasPrefix("none of ") == true)
            #expect(
                try await stores.run(InspectUserCommand.self, "anna", "--sale", "99").failure?.message
                    == "there is no sale 99"
            )
        }
    }

    @Test func aDifferenceIsShownAndEndsWith98() async throws {
        try await ShopServer.with(stock: 20, limit: 3) { shop in
            _ = try await shop.buyer()
            try await shop.redis("hincrby", "fs:{1}:users", "anna", "1")
            let json = try await shop.stores.run(InspectUserCommand.self, "anna", "-o", "ndjson")
            #expect(json.status == .invariantViolated)
            #expect(json.failure?.message.contains("user 'anna' of sale 1 has 3 units in Redis and 2") == true)
            #expect(json.failure?.nextStep == "recount the whole sale with `flashctl verify --sale 1`")
            #expect(try flashctlTests.json(json.data, "agrees") as? Bool == false)
            #expect((try flashctlTests.json(json.data, "differences") as? [String])?.count == 1)
            let text = try await shop.stores.run(InspectUserCommand.self, "anna", "--color", "always")
            #expect(text.data.contains("\u{1B}[31mRedis and Postgres DISAGREE in one thing"))
            #expect(text.data.contains("has 3 units in Redis"))
            // A reason is foreign text: it must not steer the terminal.
            try await shop.redis("hset", "fs:{1}:banned", "anna", "fraud\u{1B}[2J")
            let banned = try await shop.stores.run(InspectUserCommand.self, "anna")
            #expect(banned.data.contains("yes, 'fraud\\u{1b}[2J'"), "\(banned.data)")
            #expect(banned.data.contains("DISAGREE in 2"))
            #expect(!banned.data.contains("\u{1B}"))
            let explained = try await shop.stores.run(ExplainCommand.self, "anna", "-o", "ndjson")
            #expect(explained.status == .invariantViolated)
            #expect(try flashctlTests.json(explained.data, "agrees") as? Bool == false)
        }
    }

    @Test func aStoreThatIsAwayLeavesTheOtherOneToTell() async throws {
        try await ShopServer.with(stock: 20, limit: 3) { shop in
            _ = try await shop.buyer()
            let stack = shop.stores.stack
            func run(_ redis: String, _ postgres: String, _ arguments: String...) async throws -> BuiltBinary.Outcome {
                let all = ["inspect-user", "anna"] + arguments + ["--redis", redis, "--postgres", postgres]
                return try await BuiltBinary.run(all)
            }
            let nowhere = "unix:///nonexistent/redis.sock"
            let recorded = try await run(nowhere, stack.postgresURL, "-o", "ndjson")
            #expect(recorded.status == 69, "\(recorded)")
            #expect(try flashctlTests.json(recorded.output, "sold") as? Int == 1)
            #expect((try flashctlTests.json(recorded.output, "missing") as? String)?.hasPrefix("Redis") == true)
            #expect(try flashctlTests.json(recorded.output, "agrees") is NSNull)
            let absent = "postgresql://postgres@/postgres?host=/nonexistent"
            let decided = try await run(stack.redisURL, absent, "--sale", "1", "-o", "ndjson")
            #expect(decided.status == 69, "\(decided)")
            #expect(try flashctlTests.json(decided.output, "held") as? Int == 1)
            #expect((try flashctlTests.json(decided.output, "missing") as? String)?.hasPrefix("Postgres") == true)
            let unnamed = try await run(stack.redisURL, absent)
            #expect(unnamed.status == 69)
            #expect(unnamed.talk.contains("name the sale with --sale NUMBER"))
            let neither = try await run(nowhere, absent, "--sale", "1")
            #expect(neither.status == 69)
        }
    }

    /// For a log: what changes, in one line a look.
    @Test func aWatchedUserIsOneLine() async throws {
        try await ShopServer.with(stock: 20, limit: 3) { shop in
            _ = try await shop.buyer()
            let addresses = shop.stores.addresses.map { "'\($0)'" }.joined(separator: " ")
            for (user, format, wanted) in [
                (
                    "anna", "table",
                    "sale 1: 1 held + 1 bought of at most 3; quota left 1; 2 attempts recorded; Redis and"
                ),
                ("nobody", "json", "flashctl: sale 1 knows no user 'nobody'; next step: check the spelling"),
            ] {
                // It ends with the reader of its data.
                let outcome = try await BuiltBinary.script(
                    "\"$0\" inspect-user \(user) --watch=0.1 -o \(format) \(addresses) 2>&1 | head -4"
                )
                let lines = outcome.output.split(separator: "\n").filter { $0 != "[]" }
                #expect(lines.count >= 2 && lines.allSatisfy { $0.contains(wanted) }, "\(outcome)")
            }
        }
    }

    @Test func aFinishedSaleIsToldFromPostgresAlone() async throws {
        try await ShopServer.with(stock: 20, limit: 3) { shop in
            _ = try await shop.buyer()
            // Its second hold is still open: the ledger of such a sale would not be finished by a rotation.
            try await shop.stores.withPostgres { postgres in
                _ = try await postgres.query("update sales set finished_at = now() where id = 1")
            }
            let outcome = try await shop.stores.run(InspectUserCommand.self, "anna")
            #expect(outcome.status == .success, "\(outcome)")
            #expect(outcome.data.contains("the tables of Postgres agree; the sale is over"))
        }
    }

    @Test func argumentsAreChecked() throws {
        for arguments in [
            [], ["anna", "--sale", "x"], ["anna", "--attempts", "-1"], ["anna", "--watch=0"], ["anna", "--watch=nan"],
            ["anna", "--watch=x"], ["anna", "--watch=0", "-o", "json"], ["anna", "--watch=4000", "--local"],
            ["a\tb"],
            ["anna", "-o", "xml"], [String(repeating: "x", count: 256)],
        ] {
            #expect(throws: (any Error).self, "\(arguments)") { try InspectUserCommand.parse(arguments) }
        }
        #expect(try InspectUserCommand.parse(["anna", "--watch"]).watch == WatchInterval(seconds: 2))
        #expect(try InspectUserCommand.parse(["anna", "--watch=0.5"]).watch?.duration == .milliseconds(500))
        // The word behind it is its value: better an error than an interval that nobody has asked for.
        #expect(throws: (any Error).self) { try InspectUserCommand.parse(["--watch", "anna"]) }
        #expect(try InspectUserCommand.parse(["anna", "--watch=0.5", "-o", "json"]).watch?.seconds == 0.5)
        #expect(try InspectUserCommand.parse(["--watch=7", "anna", "--sale", "all"]).watch?.seconds == 7)
        #expect(try InspectUserCommand.parse(["anna"]).watch == nil)
        // What a buyer sent by mistake must not be looked for as a name, nor repeated.
        let code = HoldCode(saleID: try #require(SaleID(1)), high: 1, low: 2).description
        do {
            _ = try InspectUserCommand.parse([code])
            Issue.record("a code was taken for a user")
        } catch { #expect(!InspectUserCommand.message(for: error).contains(code)) }
    }
}

extension ShopServer {
    /// `anna` buys one unit and holds another; returns her codes.
    func buyer() async throws -> [String] {
        let client = try await ShopClient.connect(port: port)
        var codes: [String] = []
        for _ in 0..<2 { codes.append(try #require(try await client.checkout("anna")["code"])) }
        let bought = try await client.purchase(codes[0])
        #expect(bought.status == 200, "\(bought)")
        try await client.close()
        return codes
    }

    /// Sends a command behind the scripts' back.
    func redis(_ arguments: String...) async throws {
        let words = arguments.map { "'\($0)'" }.joined(separator: " ")
        let cli = "redis-cli -s '\(stores.stack.redisSocket)' \(words) >/dev/null"
        #expect(try await BuiltBinary.script(cli).status == 0)
    }
}
