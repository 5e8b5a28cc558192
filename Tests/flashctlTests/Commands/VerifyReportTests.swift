import FlashSaleKit
import Testing

@testable import flashctl

/// How a recount and a plan are shown.
@Suite(.serialized) struct VerifyReportTests {
    /// A recount of a new sale, after `damage` was done to it by redis-cli.
    private func report(_ damage: String?) async throws -> (text: String, failure: CommandFailure?) {
        try await withCollected { stores in
            _ = try await stores.run(
                SeedSaleCommand.self,
                [
                    "--name", "Lamp", "--image-url", "u", "--start", "now", "--stock", "50",
                ]
            )
            if let damage {
                let script = "redis-cli -s '\(stores.stack.redisSocket)' \(damage) >/dev/null"
                #expect(try await BuiltBinary.script(script).status == 0)
            }
            let outcome = try await stores.run(VerifyCommand.self)
            return (outcome.data, outcome.failure)
        }
    }

    private func withCollected<Value: Sendable>(
        _ body: @escaping @Sendable (CommandStack) async throws -> Value
    ) async throws -> Value {
        let box = Box<Value>()
        try await CommandStack.with { stores in await box.put(try await body(stores)) }
        return try #require(await box.value)
    }

    private actor Box<Value: Sendable> {
        private(set) var value: Value?
        func put(_ value: Value) { self.value = value }
    }

    @Test func everyInvariantHasALineWithItsFigures() async throws {
        let report = try await report(nil)
        #expect(report.failure == nil)
        #expect(report.text.contains("sale 1, compared, epoch 2: everything holds"))
        for kind in Invariant.Kind.allCases where kind != .summary {
            #expect(report.text.contains(kind.rawValue), "\(kind)")
        }
        #expect(report.text.contains("free 50, held 0, sold 0, stock 50"))
    }

    @Test func findingsStandBelowWithThePromiseThatIsBroken() async throws {
        let report = try await report("hset 'fs:{1}:users' ghost 4")
        #expect(report.text.contains("1 violated"))
        #expect(report.text.contains("users: every user has as many units as the ledger says"))
        #expect(report.text.contains("user 'ghost' of sale 1 has 4 units in Redis and 0 in the ledger"))
        #expect(report.failure?.status == .invariantViolated)
        #expect(report.failure?.message.hasPrefix("1 violation in sale 1, the first one: user 'ghost'") == true)
        #expect(report.failure?.nextStep == "look at `flashctl reconcile --plan --sale 1`")
    }

    @Test func controlCharactersOfAUserDoNotReachTheTerminal() async throws {
        let report = try await report("hset 'fs:{1}:users' \"$(printf '\\033[31mred')\" 4")
        #expect(!report.text.contains("\u{1B}[31mred"))
    }

    @Test func manyFindingsAreCounted() async throws {
        let users = (1...30).map { "u\($0) 1" }.joined(separator: " ")
        let report = try await report("hset 'fs:{1}:users' \(users)")
        #expect(report.text.contains("30 violated"))
        #expect(report.text.contains("and 10 more"))
    }

    @Test func whatNeedsAPersonEndsWith98() async throws {
        try await CommandStack.with { stores in
            _ = try await stores.run(RotateHourCommand.self)
            let script = "redis-cli -s '\(stores.stack.redisSocket)' hset 'fs:{1}:sale' installation x >/dev/null"
            #expect(try await BuiltBinary.script(script).status == 0)
            let outcome = try await stores.run(ReconcileCommand.self, "--plan", "--sale", "1")
            #expect(outcome.status == .invariantViolated)
            #expect(outcome.data.contains("needs a person:"))
            #expect(outcome.data.contains("belongs to installation x"))
            #expect(outcome.failure?.message.contains("1 finding of sale 1") == true)
        }
    }

    @Test func anEmptyPlanHasNoHash() async throws {
        try await CommandStack.with { stores in
            let none = try await stores.run(ReconcileCommand.self, "--plan")
            #expect(none.data.contains("no sale is open"))
            _ = try await stores.run(RotateHourCommand.self)
            let plan = try await stores.run(ReconcileCommand.self, "--plan", "--sale", "1", "-o", "ndjson")
            #expect(plan.data.contains("\"hash\":null"))
            #expect(plan.data.contains("\"steps\":[]"))
            let unknown = try await stores.run(ReconcileCommand.self, "--plan", "--sale", "77")
            #expect(unknown.failure?.message == "there is no sale 77")
        }
    }
}
