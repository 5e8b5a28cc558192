import FlashSaleKit
import Foundation
import Logging
import NIOPosix
import TestSupport
import Testing

@testable import flashctl

/// What the TAB key offers in real shells, with real stores behind it.
@Suite(.serialized) struct LiveCompletionTests {
    /// What bash offers for these words; the last one is being typed.
    private func bash(_ words: [String]) async throws -> [String] {
        let outcome = try await BuiltBinary.script(
            """
            PATH="$(dirname "$0"):$PATH"
            source <(flashctl --generate-completion-script bash)
            COMP_WORDS=(flashctl \(words.map { "'\($0)'" }.joined(separator: " ")))
            COMP_CWORD=\(words.count)
            COMP_LINE="${COMP_WORDS[*]}"
            COMP_POINT=${#COMP_LINE}
            _flashctl flashctl "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        )
        #expect(outcome.talk.isEmpty)
        return outcome.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    private func seed(_ shop: CommandStack) async throws -> String {
        let seeded = try await shop.run(
            SeedSaleCommand.self,
            "--name",
            "Lamp",
            "--image-url",
            "https://example.com/l.png",
            "-o",
            "json"
        )
        #expect(seeded.status == .success)
        let object = try JSONSerialization.jsonObject(with: Data(seeded.data.utf8)) as? [String: Any]
        let sale = object?["sale"] as? [String: Any]
        return "\(try #require(sale?["id"] as? Int))"
    }

    @Test func bashOffersLiveSalesOnceTheStoresAreNamed() async throws {
        try await CommandStack.with { shop in
            let sale = try await seed(shop)
            // A machine that is busy does not answer within the patience: a person presses TAB again.
            var offered: [String] = []
            try await eventually("an offer of the sale") {
                offered = try await bash(["status"] + shop.addresses + ["--sale", ""])
                return offered.contains(sale)
            }
            #expect(try await bash(["status"] + shop.addresses + ["--sale", "x"]) == [])
        }
    }

    /// Presses the TAB key behind these words in a real shell in a pseudo-terminal, until it offers what is wanted.
    private func press(_ shell: String, _ words: [String], _ wanted: String, _ stack: LocalStack?) async throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Terminal/completion.py").path
        let stores = stack.map { ["REDIS_URL": $0.redisURL, "POSTGRES_URL": $0.postgresURL] } ?? [:]
        let outcome = try await BuiltBinary.program(
            ["/usr/bin/python3", script, shell, BuiltBinary.path, wanted] + words,
            environment: stores
        )
        #expect(outcome.status == 0, "\(shell) \(words): \(outcome.talk)")
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func theTabKeyOffersRecentUsers(shell: String) async throws {
        try await ShopServer.with(stock: 5) { shop in
            let client = try await ShopClient.connect(port: shop.port)
            for user in ["zoe4711", "$(touch%20x)"] { _ = try await client.checkout(user) }
            try await client.close()
            for words in [["inspect-user"], ["explain"], ["ban"], ["replay-attempts", "--export", "--user"]] {
                try await press(shell, words, "zoe4711", shop.stores.stack)
            }
        }
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func helpOffersCommandsAndTopics(shell: String) async throws {
        for wanted in ["exit-codes", "inspect-user"] { try await press(shell, ["help"], wanted, nil) }
    }

    /// Bash expands what it is offered, and a name is foreign text.
    @Test func namesThatAShellWouldReadAreNotOffered() {
        for name in ["alice", "a.b-c_d@example.com", "Zoë", "7"] { #expect(LiveCompletion.isOneWord(name), "\(name)") }
        for name in ["$(id)", "a b", "`x`", "-o", "a:b", "it's", "a\\b", "a*"] {
            #expect(!LiveCompletion.isOneWord(name), "\(name)")
        }
    }

    @Test func onlyCommandsThatTakeAllSalesOfferThem() async throws {
        let away = ["--redis", "127.0.0.1:1", "--postgres", "postgres://127.0.0.1:1/x", "--sale", ""]
        for command in ["status", "reconcile", "replay-attempts", "limit"] {
            #expect(try await bash([command] + away) == ["current"], "\(command)")
        }
        #expect(try await bash(["verify"] + away).contains("all"))
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func theTabKeyOffersLiveSales(shell: String) async throws {
        try await CommandStack.with { shop in
            _ = try await TestDatabase.rows(
                "alter table sales alter column id restart with 4711",
                at: shop.stack.postgresURL
            )
            #expect(try await seed(shop) == "4711")
            try await press(shell, ["verify", "--sale"], "4711", shop.stack)
        }
    }

    @Test func aStoreThatIsAwayIsSilent() async throws {
        let away = ["--redis", "127.0.0.1:1", "--postgres", "postgres://127.0.0.1:1/x", "--sale", ""]
        #expect(try await bash(["status"] + away).allSatisfy { $0 == "current" || $0 == "all" })
        #expect(try await bash(["status", "--config", "/nonexistent", "--sale", ""]).allSatisfy { Int($0) == nil })
    }

    @Test func usersOfTheLastAttemptsComeFirst() async throws {
        try await ShopServer.with(stock: 2) { shop in
            let client = try await ShopClient.connect(port: shop.port)
            for user in ["alice", "bob", "carol"] {
                _ = try await client.send("POST", "/checkout?user_id=\(user)&id=1")
            }
            let stack = shop.stores.stack
            let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
            let redis = try await RedisClient.connect(
                to: try RedisEndpoint(parsing: stack.redisURL),
                on: MultiThreadedEventLoopGroup.singleton,
                logger: logger
            )
            let sale = try #require(try await shop.row("select id from sales").first.flatMap { $0 })
            try await shop.stores.withPostgres { postgres in
                let id = try #require(SaleID(sale))
                let users = try await RecentUsers.read(id, redis: redis, postgres: postgres, limit: 2)
                #expect(users == ["carol", "bob"])
                let all = try await RecentUsers.read(id, redis: redis, postgres: postgres, limit: 9)
                #expect(all == ["carol", "bob", "alice"])
            }
            await redis.close()
            try await client.close()
        }
    }

    @Test func theStoresOfALineThatIsBeingTyped() {
        let environment = CollectingSink().environment(["XDG_STATE_HOME": "/nowhere"])
        let words = ["status", "--redis=r:1", "--postgres", "postgres://p"]
        let named = CompletionStores.find(words, environment: environment)
        #expect(named?.configuration.redis?.value == "r:1")
        #expect(named?.configuration.postgres?.value == "postgres://p")
        let cut = ["status", "--redis", "=", "r", ":", "1", "--postgres", "postgres", ":", "//p"]
        #expect(CompletionStores.whole(cut) == ["status", "--redis=r:1", "--postgres", "postgres://p"])
        let local = CompletionStores.find(["status", "--local"], environment: environment)
        #expect(local?.configuration.redis?.value == "unix:///nowhere/flashctl/local/run/redis.sock")
        let wrong = CollectingSink().environment(["FLASHCTL_PRT": "1"])
        #expect(CompletionStores.find(["status"], environment: wrong) == nil)
    }
}
