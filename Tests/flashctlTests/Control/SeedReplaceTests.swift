import FlashSaleKit
import Foundation
import Testing

@testable import flashctl

/// A sale that nobody has touched gives way to one of other terms; any other one stays.
@Suite(.serialized) struct SeedReplaceTests {
    private let lamp = ["--name", "Lamp", "--image-url", "https://example.com/lamp.png", "--duration", "3h"]

    private func replace(_ stores: CommandStack, _ more: [String], answers: [String]? = nil) async throws
        -> CommandStack.Outcome
    {
        try await stores.run(SeedSaleCommand.self, lamp + ["--replace"] + more, answers: answers)
    }

    private func sales(_ stores: CommandStack) async throws -> [[String?]] {
        try await TestDatabase.rows(
            """
            select id::text, stock::text, (finished_at is not null)::text, (withdrawn_at is not null)::text,
                (opened_in_redis_at is not null)::text from sales order by id
            """,
            at: stores.stack.postgresURL
        )
    }

    @Test func anUntouchedSaleIsReplacedWithConsent() async throws {
        try await CommandStack.with { stores in
            let old = try await stores.seed("--stock", "5")
            _ = try await stores.run(PauseCommand.self, "--reason", "wrong stock")
            #expect(try await replace(stores, ["--stock", "6"], answers: ["7"]).status == .declined)
            let done = try await replace(stores, ["--stock", "6", "-o", "json"], answers: ["\(old)"])
            #expect(done.status == .success, "\(done)")
            #expect(done.talk.contains("sale \(old) would be withdrawn and replaced"), "the plan comes first")
            #expect(try json(done.data, "result") as? String == "replaced")
            #expect(try json(done.data, "replaces") as? Int == 1)
            #expect(try json(done.data, "sale", "stock") as? Int == 6)
            #expect(
                try await sales(stores) == [
                    ["1", "5", "true", "true", "true"], ["2", "6", "false", "false", "true"],
                ]
            )
            #expect(try await stores.snapshot(old)?.state == .finished)
            let new = try #require(SaleID(2))
            #expect(try await stores.snapshot(new)?.free == 6)
            #expect(try await stores.snapshot(new)?.checkoutPaused == false, "it is another sale")
            #expect(try await stores.controlLog(old).last?.contains("withdraw | 2 | ") == true)
            let again = try await replace(stores, ["--stock", "6"])
            #expect(again.status == .success, "it is there by now, nobody is asked: \(again)")
            #expect(again.data.contains("sale 2 exists with exactly these terms"))
            let third = try await replace(stores, ["--stock", "7", "--confirm=2"])
            #expect(third.status == .success, "and it can be replaced itself: \(third)")
            for sale in 1...3 {
                let verified = try await stores.run(VerifyCommand.self, "--sale", "\(sale)")
                #expect(verified.status == .success, "\(verified)")
            }
            #expect(try await stores.run(StatusCommand.self, "-o", "json").data.contains(#""id": 3"#))
        }
    }

    @Test(arguments: ["attempt", "hold", "given back", "sold"])
    func aTouchedSaleStays(how: String) async throws {
        try await CommandStack.with { stores in
            let old = try await stores.seed("--stock", "5")
            _ = try await RunningBinary.serving(["--no-rotate"] + stores.addresses) { server, port in
                let client = try await ShopClient.connect(port: port)
                if how == "attempt" {
                    _ = try await stores.run(BanCommand.self, "alice", "--reason", "x")
                    #expect(try await client.checkout("alice").status == 403)
                } else {
                    let code = try #require(try await client.checkout("alice")["code"])
                    if how == "given back" {
                        #expect(try await client.send("DELETE", "/checkout?code=\(code)").status == 200)
                    }
                    if how == "sold" { #expect(try await client.purchase(code).status == 200) }
                }
                try await client.close()
                try await server.end(by: SIGTERM)
            }
            let before = try await sales(stores)
            for plan in [["--dry-run"], ["--confirm=\(old)"]] {
                let refused = try await replace(stores, ["--stock", "6"] + plan)
                #expect(refused.status == .failure, "\(refused)")
                #expect(refused.failure?.message.hasPrefix("sale \(old) cannot be replaced: ") == true)
                #expect(refused.failure?.nextStep?.contains("flashctl pause --sale \(old)") == true)
            }
            #expect(try await sales(stores) == before)
            #expect(try await stores.snapshot(old)?.state == .open)
        }
    }

    @Test func aSaleThatIsOverStaysAndItsStartWithIt() async throws {
        try await CommandStack.with { stores in
            let old = try await stores.seed("--stock", "5")
            try await stores.withPostgres { _ = try await $0.query("update sales set finished_at = now()") }
            let refused = try await replace(stores, ["--stock", "6", "--confirm=\(old)"])
            #expect(refused.status == .failure)
            #expect(refused.failure?.message.contains("it is over") == true)
        }
    }

    @Test(
        "killed at any line and run again it ends the same",
        arguments: [
            "seed.withdrawing", "seed.drained", "seed.withdrawn", "ledger.before-commit", "ledger.after-commit",
        ]
    )
    func killedAndRunAgain(failpoint: String) async throws {
        try await CommandStack.with { stores in
            let old = try await stores.seed("--stock", "5")
            let arguments = ["seed-sale"] + lamp + ["--replace", "--stock", "6", "--confirm=\(old)"] + stores.addresses
            let killed = try await BuiltBinary.run(arguments, environment: ["FLASHCTL_FAILPOINT": "\(failpoint)=abort"])
            #expect(killed.status == 128 + SIGKILL, "\(failpoint): \(killed)")
            // A server that runs meanwhile sells neither: the old sale is shut, and the new one is not there.
            let again = try await BuiltBinary.run(arguments)
            #expect(again.status == 0, "\(failpoint): \(again)")
            let found = try await sales(stores)
            #expect(found.map { $0[1] } == ["5", "6"], "\(failpoint)")
            #expect(found.map { $0[2] } == ["true", "false"], "\(failpoint)")
            #expect(found.map { $0[4] } == ["true", "true"], "\(failpoint)")
            #expect(try await stores.controlLog(old).count == 1, "\(failpoint)")
            for sale in 1...2 {
                let verified = try await stores.run(VerifyCommand.self, "--sale", "\(sale)")
                #expect(verified.status == .success, "\(failpoint): \(verified)")
            }
        }
    }

    @Test func ofTenAtOnceOneReplacesIt() async throws {
        try await CommandStack.with { stores in
            let old = try await stores.seed("--stock", "5")
            let outcomes = try await withThrowingTaskGroup(of: CommandStack.Outcome.self) { tasks in
                for _ in 0..<10 { tasks.addTask { try await replace(stores, ["--stock", "6", "--confirm=\(old)"]) } }
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.allSatisfy { $0.status == .success || $0.status == .tryLater }, "\(outcomes)")
            #expect(outcomes.count { $0.data.contains("has replaced sale \(old)") } >= 1)
            #expect(try await sales(stores).map { $0[1] } == ["5", "6"])
        }
    }

    @Test func aSaleIsSoldByRunningServersOnceItHasReplacedAnother() async throws {
        try await CommandStack.with { stores in
            let old = try await stores.seed("--stock", "5")
            _ = try await RunningBinary.serving(["--no-rotate"] + stores.addresses) { _, port in
                let done = try await replace(stores, ["--stock", "6", "--confirm=\(old)"])
                #expect(done.status == .success, "\(done)")
                let client = try await ShopClient.connect(port: port)
                var sale: String?
                try await eventually {
                    let reply = try await client.checkout("alice")
                    #expect(reply.status == 201 || reply.status == 503)
                    sale = reply["sale_id"]
                    return sale != nil
                }
                #expect(sale == "2", "nobody gets a unit of the withdrawn one")
                try await client.close()
            }
        }
    }

    @Test(arguments: [
        ["--start", "now", "--at", "2026-12-24T18:00:00Z"], ["--at", "tomorrow"], ["--confirm=1"],
    ])
    func contradictionsAreUsageErrors(arguments: [String]) {
        #expect(throws: (any Error).self) { try SeedSaleCommand.parse(lamp + arguments) }
    }

    @Test func theExactStartIsTaken() throws {
        let command = try SeedSaleCommand.parse(lamp + ["--at", "2026-12-24T18:00:00+01:00"])
        let terms = command.terms(at: Timestamp(seconds: 0), test: false)
        #expect(terms.opensAt.rfc3339 == "2026-12-24T17:00:00.000Z")
        let other = try SeedSaleCommand.parse(lamp)
        #expect(other.terms(at: Timestamp(seconds: 7300), test: false).opensAt == Timestamp(seconds: 7200))
    }
}
