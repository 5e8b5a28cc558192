import FlashSaleKit
import Testing

@testable import flashctl

@Suite(.serialized) struct BanAndLimitCommandTests {
    @Test func oneIsSingularAndNobodyWasBanned() async throws {
        try await CommandStack.with { stores in
            let sale = try await stores.seed("--stock", "1")
            let ghost = try await stores.run(UnbanCommand.self, "ghost", "--reason", "x")
            #expect(ghost.status == .success)
            #expect(ghost.data.contains("ghost was not banned; nothing was changed"), "\(ghost)")
            let limit = ["1", "--reason", "x", "--confirm=\(sale)"]
            let lowered = try await stores.run(LimitCommand.self, limit)
            #expect(lowered.data.contains("a user who has 1 unit or more"), "\(lowered)")
            _ = try await stores.run(PauseCommand.self, "--reason", "x")
            let status = try await stores.run(StatusCommand.self, "--fast")
            #expect(status.data.contains("1 unit, 10 per user"), "\(status)")
            #expect(status.data.contains("checkouts are paused"), "\(status)")
        }
    }

    private func limit(_ stores: CommandStack, _ arguments: [String], answers: [String]? = nil) async throws
        -> CommandStack.Outcome
    {
        try await stores.run(LimitCommand.self, arguments + ["--reason", "resellers"], answers: answers)
    }

    @Test func aUserIsBannedAndAllowedAgain() async throws {
        try await CommandStack.with { stores in
            let sale = try await stores.seed()
            let banned = try await stores.run(BanCommand.self, "böser nutzer", "--reason", "bot", "-o", "ndjson")
            #expect(banned.status == .success, "\(banned)")
            let buyers = try #require(try json(banned.data, "buyers") as? [String])
            #expect(
                buyers == [
                    "checkouts of böser nutzer are answered 403 banned; what böser nutzer holds or has bought stays"
                ]
            )
            #expect(try await stores.snapshot(sale)?.bannedUsers == 1)
            let again = try await stores.run(BanCommand.self, "böser nutzer", "--reason", "bot")
            #expect(again.status == .success)
            #expect(again.data.contains("böser nutzer is banned already, since "))
            let allowed = try await stores.run(UnbanCommand.self, "böser nutzer", "--reason", "a shared office")
            #expect(allowed.status == .success)
            #expect(allowed.data.contains("böser nutzer is not banned since "))
            #expect(try await stores.snapshot(sale)?.bannedUsers == 0)
            let never = try await stores.run(UnbanCommand.self, "alice", "--reason", "x", "-o", "ndjson")
            #expect(never.status == .success)
            let step = try #require((try json(never.data, "changes") as? [[String: Any]])?.first)
            #expect(step["result"] as? String == "unchanged")
            let log = try await stores.controlLog(sale).map { $0.components(separatedBy: " | ") }
            #expect(log.map { $0[0] } == ["ban", "unban"])
            #expect(log.map { $0[1] } == ["böser nutzer", "böser nutzer"])
            #expect(log.map { $0[3] } == ["bot", "a shared office"])
        }
    }

    @Test(arguments: ["", "a\nb", String(repeating: "x", count: 256), "\u{7F}"])
    func whatIsNoUserIsAUsageError(user: String) {
        #expect(throws: (any Error).self) { try BanCommand.parse([user, "--reason", "x"]) }
        #expect(throws: (any Error).self) { try UnbanCommand.parse([user, "--reason", "x"]) }
    }

    @Test func aLimitIsLoweredWithConsentAndNeverRaised() async throws {
        try await CommandStack.with { stores in
            let sale = try await stores.seed("--limit", "5")
            let unasked = try await limit(stores, ["3"])
            #expect(unasked.status == .usage, "nobody sits there")
            #expect(unasked.failure?.nextStep?.contains("--confirm=\(sale)") == true)
            #expect(try await limit(stores, ["3", "--confirm=99"]).status == .declined)
            #expect(try await limit(stores, ["3"], answers: ["no"]).status == .declined)
            #expect(try await stores.snapshot(sale)?.limit == 5)
            let typed = try await limit(stores, ["4"], answers: ["\(sale)"])
            #expect(typed.status == .success, "\(typed)")
            #expect(typed.talk.contains("This lowers the limit per user to 4 for good in sale \(sale) and cannot"))
            let done = try await limit(stores, ["2", "--confirm=\(sale)", "-o", "ndjson"])
            #expect(done.status == .success, "\(done)")
            #expect(try json(done.data, "state", "user_limit") as? Int == 2)
            #expect(try await stores.snapshot(sale)?.limit == 2)
            #expect(try await stores.controlLog(sale).map { $0.prefix(9) } == ["limit | 4", "limit | 2"])

            let same = try await limit(stores, ["2"])
            #expect(same.status == .success, "nothing is to be changed, so nobody is asked")
            #expect(same.data.contains("the limit is 2 per user already, since "))
            let raised = try await limit(stores, ["3", "--confirm=\(sale)"])
            #expect(raised.status == .failure)
            #expect(
                raised.failure?.message
                    == "the limit of sale \(sale) is 2 and is never raised, to 3 neither: nothing was changed"
            )
            #expect(raised.failure?.nextStep?.contains("seed-sale --limit 3") == true)
            #expect(try await stores.snapshot(sale)?.limit == 2)
        }
    }

    @Test(arguments: [
        ["0", "--reason", "x"], ["1000001", "--reason", "x"], ["two", "--reason", "x"], ["2"],
        ["2", "--reason", "x", "--sale", "all"],
    ])
    func whatIsNoLimitIsAUsageError(arguments: [String]) {
        #expect(throws: (any Error).self) { try LimitCommand.parse(arguments) }
    }
}
