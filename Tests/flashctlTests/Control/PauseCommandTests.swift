import FlashSaleKit
import Testing

@testable import flashctl

@Suite(.serialized) struct PauseCommandTests {
    private let who = ["SUDO_USER": "ops"]

    private func pause(_ stores: CommandStack, _ arguments: String...) async throws -> CommandStack.Outcome {
        try await stores.run(PauseCommand.self, arguments, variables: who)
    }

    private func resume(_ stores: CommandStack, _ arguments: String...) async throws -> CommandStack.Outcome {
        try await stores.run(ResumeCommand.self, arguments, variables: who)
    }

    @Test func aPauseSaysWhatBuyersSeeAndIsOnRecordWithWhoAndWhy() async throws {
        try await CommandStack.with { stores in
            let sale = try await stores.seed()
            let done = try await pause(stores, "--reason", "wrong price", "-o", "ndjson")
            #expect(done.status == .success, "\(done)")
            #expect(try json(done.data, "sale") as? Int == Int(sale.rawValue))
            #expect(try json(done.data, "state", "checkout_paused") as? Bool == true)
            #expect(try json(done.data, "state", "purchase_paused") as? Bool == false)
            let step = try #require((try json(done.data, "changes") as? [[String: Any]])?.first)
            #expect(step["action"] as? String == "pause_checkout")
            #expect(step["result"] as? String == "changed")
            #expect(step["recorded"] as? String == "control_log", "no server runs: the command drains by itself")
            #expect(step["actor"] as? String == "ops@\(HostName.current)")
            let buyers = try #require(try json(done.data, "buyers") as? [String])
            #expect(buyers == ["checkouts are answered 503 paused, Retry-After: 5", "purchases are accepted"])
            #expect(try await stores.snapshot(sale)?.checkoutPaused == true)
            #expect(try await stores.controlLog(sale) == ["pause_checkout | - | ops@\(HostName.current) | wrong price"])

            let again = try await pause(stores, "--reason", "another reason")
            #expect(again.status == .success)
            let since = try #require(step["since"] as? String)
            #expect(
                again.data.contains(
                    "checkouts are paused already, since \(since) (ops@\(HostName.current), wrong price); nothing"
                ),
                "\(again.data)"
            )
            #expect(try await stores.controlLog(sale).count == 1)
        }
    }

    @Test func everythingIsPausedAndResumedPartByPart() async throws {
        try await CommandStack.with { stores in
            let sale = try await stores.seed()
            let all = try await pause(stores, "all", "--reason", "incident", "--sale", "\(sale)")
            #expect(all.data.contains("checkouts are paused since "))
            #expect(all.data.contains("purchases are paused since "))
            #expect(all.data.contains("purchases are answered 503 paused, Retry-After: 5; holds go on to lapse"))
            let half = try await resume(stores, "--reason", "better")
            #expect(half.data.contains("buyers: checkouts are decided"))
            #expect(half.data.contains("buyers: purchases are answered 503 paused"), "what is still paused is said")
            let rest = try await resume(stores, "all", "--reason", "good", "-o", "ndjson")
            let results = try #require(try json(rest.data, "changes") as? [[String: Any]])
            #expect(results.map { $0["action"] as? String } == ["resume_purchase", "resume_checkout"])
            #expect(results.map { $0["result"] as? String } == ["changed", "unchanged"])
            let snapshot = try #require(try await stores.snapshot(sale))
            #expect(!snapshot.checkoutPaused && !snapshot.purchasePaused)
            let actions = try await stores.controlLog(sale).map { $0.prefix { $0 != " " } }
            #expect(actions == ["pause_checkout", "pause_purchase", "resume_checkout", "resume_purchase"])
        }
    }

    @Test func allIsEverySaleThatIsNotOver() async throws {
        try await CommandStack.with { stores in
            _ = try await stores.run(RotateHourCommand.self)
            let seeded = try await stores.seed()
            let done = try await pause(stores, "--sale", "all", "--reason", "incident", "-o", "ndjson")
            #expect(done.status == .success, "\(done)")
            let lines = done.data.split(separator: "\n").map(String.init)
            let unfinished = try await stores.withPostgres { try await SaleStore(postgres: $0).unfinished() }
            #expect(unfinished.count >= 3)
            let named = try lines.map { try json($0, "sale") as? Int }.compactMap(\.self).sorted()
            #expect(named == unfinished.map { Int($0.id.rawValue) }.sorted())
            #expect(named.contains(Int(seeded.rawValue)))
            for sale in unfinished { #expect(try await stores.snapshot(sale.id)?.checkoutPaused == true) }
        }
    }

    @Test func whatCannotBePausedIsSaidWithTheNextStep() async throws {
        try await CommandStack.with { stores in
            let none = try await pause(stores, "--reason", "x")
            #expect(none.status == .failure)
            #expect(none.failure?.message == "there is no sale")
            let sale = try await stores.seed()
            let unknown = try await pause(stores, "--reason", "x", "--sale", "99")
            #expect(unknown.status == .failure)
            #expect(unknown.failure?.message == "there is no sale 99")
            try await stores.withPostgres { postgres in
                _ = try await postgres.query("update sales set finished_at = now()")
            }
            let over = try await pause(stores, "--reason", "x", "--sale", "\(sale)")
            #expect(over.status == .failure)
            #expect(over.failure?.message == "sale \(sale) is over: nothing was changed")
            #expect(over.data.isEmpty)
        }
    }

    @Test func aSaleThatIsNotOpenYetHoldsUpNoOther() async throws {
        try await CommandStack.with { stores in
            let open = try await stores.seed()
            let unopened = try await stores.withPostgres { postgres in
                let store = SaleStore(postgres: postgres)
                var terms = try #require(try await store.find(open)).terms
                terms.opensAt = terms.opensAt.adding(milliseconds: 3_600_000)
                terms.closesAt = terms.closesAt.adding(milliseconds: 3_600_000)
                return try await store.seed(terms).sale.id
            }
            let done = try await pause(stores, "--sale", "all", "--reason", "x")
            #expect(done.status == .failure, "it would open unpaused: that must not look like success")
            #expect(done.failure?.message == "sale \(unopened) is not open in Redis yet: nothing was changed")
            #expect(done.data.contains("sale \(open)\n  checkouts are paused since"))
        }
    }

    @Test(arguments: [
        [], ["--reason", ""], ["--reason", "   "], ["--reason", String(repeating: "x", count: 201)],
        ["--reason", "a\nb"], ["--reason", "a\tb"], ["--reason", "a\u{85}b"], ["everything", "--reason", "x"],
        ["--reason", "x", "--sale", "none"], ["--reason", "x", "--sale", "0"],
    ])
    func badInputIsAUsageError(arguments: [String]) {
        #expect(throws: (any Error).self) { try PauseCommand.parse(arguments) }
        #expect(throws: (any Error).self) { try ResumeCommand.parse(arguments) }
    }

    @Test func aReasonOf200CharactersIsTakenAsItIs() async throws {
        try await CommandStack.with { stores in
            let sale = try await stores.seed()
            let reason = String(repeating: "ü'\\\"💥", count: 40)
            #expect(try await pause(stores, "--reason", reason).status == .success)
            #expect(try await stores.controlLog(sale).first?.hasSuffix(reason) == true)
        }
    }
}
