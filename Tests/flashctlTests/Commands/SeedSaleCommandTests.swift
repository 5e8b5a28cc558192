import FlashSaleKit
import Testing

@testable import flashctl

@Suite(.serialized) struct SeedSaleCommandTests {
    private func seed(_ stores: CommandStack, _ more: String...) async throws -> CommandStack.Outcome {
        try await stores.run(
            SeedSaleCommand.self,
            ["--name", "Lamp", "--image-url", "https://example.com/lamp.png"] + more
        )
    }

    @Test func theSameSaleAgainSaysSoAndAnotherOneIsExplained() async throws {
        try await CommandStack.with { stores in
            let first = try await seed(stores, "--stock", "500", "--limit", "2", "-o", "json")
            #expect(first.status == .success)
            #expect(try json(first.data, "result") as? String == "created")
            #expect(try json(first.data, "sale", "stock") as? Int == 500)
            #expect(try json(first.data, "sale", "user_limit") as? Int == 2)
            #expect(try json(first.data, "sale", "hold_ms") as? Int == 300_000)
            #expect(try json(first.data, "sale", "hourly") as? Bool == false)
            #expect(try json(first.data, "sale", "epoch") is Int)
            let second = try await seed(stores, "--stock", "500", "--limit", "2")
            #expect(second.status == .success)
            #expect(second.data.contains("exists with exactly these terms; nothing was changed"))
            let third = try await seed(stores, "--stock", "501", "--limit", "2", "--hold", "3m", "-o", "json")
            #expect(third.status == .failure)
            #expect(third.failure == nil)
            let differences = try #require(try json(third.data, "differences") as? [[String: String]])
            #expect(differences.map { $0["field"] } == ["stock", "hold_ms"])
            #expect(differences.map { $0["existing"] } == ["500", "300000"])
            #expect(differences.map { $0["wanted"] } == ["501", "180000"])
            let shown = try await seed(stores, "--stock", "501", "--limit", "2")
            #expect(shown.data.contains("with other terms; nothing was changed"))
            let count = try await stores.withPostgres { try await $0.query("select count(*) from sales").one()[0].int }
            #expect(count == 1)
        }
    }

    @Test func aSeededSaleIsOpenInRedis() async throws {
        try await CommandStack.with { stores in
            _ = try await seed(stores, "--start", "next-hour", "--stock", "7", "--test")
            let status = try await stores.run(StatusCommand.self, "-o", "json")
            #expect(status.status == .success)
            #expect(try json(status.data, "phase") as? String == "scheduled")
            #expect(try json(status.data, "redis", "free") as? Int == 7)
            #expect(try json(status.data, "redis", "consistent") as? Bool == true)
            #expect(try json(status.data, "sale", "test") as? Bool == true)
        }
    }

    @Test func aSaleOfThePastIsRefusedUnlessItExists() async throws {
        try await CommandStack.with { stores in
            let outcome = try await seed(stores, "--start", "2020-01-01T00:00:00Z")
            #expect(outcome.status == .usage)
            #expect(outcome.failure?.message.contains("over since 2020-01-01T01:00:00.000Z") == true)
            try await stores.withPostgres { connection in
                let now = try await SaleStore(postgres: connection).now()
                let terms = SaleTerms(
                    itemName: "Lamp",
                    imageURL: "https://example.com/lamp.png",
                    stock: 10_000,
                    userLimit: 10,
                    holdMilliseconds: 300_000,
                    opensAt: Timestamp(seconds: 1_577_836_800),
                    closesAt: Timestamp(seconds: 1_577_840_400),
                    hourly: false,
                    test: false
                )
                #expect(now > terms.closesAt)
                _ = try await SaleStore(postgres: connection).seed(terms)
                _ = try await connection.query("update sales set finished_at = now()")
            }
            let again = try await seed(stores, "--start", "2020-01-01T00:00:00Z")
            #expect(again.status == .success)
            #expect(again.data.contains("and is finished; nothing was changed"))
        }
    }

    @Test(arguments: [
        ["--stock", "0"], ["--limit", "0"], ["--hold", "500ms"], ["--hold", "25h"], ["--duration", "0s"],
        ["--stock", "10000001"],
    ])
    func termsOutOfRangeAreUsageErrorsBeforeAnyStoreIsTouched(arguments: [String]) async throws {
        let command = try SeedSaleCommand.parse(["--name", "a", "--image-url", "b"] + arguments)
        let error = try await #require(throws: CommandFailure.self) {
            try await command.run(in: CollectingSink().environment())
        }
        #expect(error.status == .usage)
    }

    @Test(arguments: [["--start", "tomorrow"], ["--duration", "1"], ["--hold", "-5m"], ["--stock", "many"], []])
    func unreadableArgumentsAreRefused(arguments: [String]) {
        let name = arguments.isEmpty ? [] : ["--name", "a", "--image-url", "b"]
        #expect(throws: (any Error).self) { try SeedSaleCommand.parse(name + arguments) }
    }

    @Test func startsAreSeenFromNow() throws {
        let now = try #require(TimeText.parse("2025-11-22T10:20:30.5Z"))
        #expect(SaleStart.now.time(at: now).rfc3339 == "2025-11-22T10:20:30.000Z")
        #expect(SaleStart.thisHour.time(at: now).rfc3339 == "2025-11-22T10:00:00.000Z")
        #expect(SaleStart.nextHour.time(at: now).rfc3339 == "2025-11-22T11:00:00.000Z")
        let given = try #require(SaleStart(argument: "2026-01-01T00:00:00+01:00"))
        #expect(given.time(at: now).rfc3339 == "2025-12-31T23:00:00.000Z")
        for start in [SaleStart.now, .thisHour, .nextHour, given] {
            #expect(SaleStart(argument: start.defaultValueDescription) == start)
        }
    }
}
