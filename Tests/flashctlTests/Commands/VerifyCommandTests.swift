import FlashSaleKit
import Testing

@testable import flashctl

@Suite(.serialized) struct VerifyCommandTests {
    /// Turns the triggers off that protect the records.
    private func force(_ stores: CommandStack, _ sql: SQL) async throws {
        try await stores.withPostgres { postgres in
            try await postgres.transaction { session in
                try session.query("set local session_replication_role = replica")
                try session.query(sql)
            }
        }
    }

    @Test func aCleanSaleEndsWithZeroInEveryFormat() async throws {
        try await CommandStack.with { stores in
            let none = try await stores.run(VerifyCommand.self)
            #expect(none.status == .success)
            #expect(none.data.contains("no sale is open"))
            _ = try await stores.run(RotateHourCommand.self)
            let text = try await stores.run(VerifyCommand.self)
            #expect(text.status == .success, "\(text.data)")
            #expect(text.data.contains("everything holds"))
            #expect(text.data.contains("free 10,000"))
            let lines = try await stores.run(VerifyCommand.self, "--sale", "1", "-o", "ndjson")
            #expect(try json(lines.data, "ok") as? Bool == true)
            #expect(try json(lines.data, "standing") as? String == "compared")
            #expect(try await stores.run(VerifyCommand.self, "--sale", "all", "--quick").status == .success)
            #expect(try await stores.run(VerifyCommand.self, "--sale", "99").failure?.message == "there is no sale 99")
        }
    }

    @Test func aViolationIsNamedAndEndsWith98() async throws {
        try await CommandStack.with { stores in
            _ = try await stores.run(RotateHourCommand.self)
            try await force(
                stores,
                "update journal_cursor set drained_rows = 5 where sale_id = 1 and stream = 'ledger'"
            )
            let outcome = try await stores.run(VerifyCommand.self)
            #expect(outcome.status == .invariantViolated)
            #expect(outcome.failure?.message.contains("has brought 5 rows, recorded are 0") == true)
            #expect(outcome.failure?.nextStep?.contains("flashctl reconcile --plan --sale 1") == true)
            #expect(outcome.data.contains("1 violated"))
            let data = try await stores.run(VerifyCommand.self, "--sale", "1", "-o", "ndjson").data
            #expect(try json(data, "violations") as? Int == 1)
        }
    }

    @Test func aSaleThatIsRecoveredEndsWith75() async throws {
        try await CommandStack.with { stores in
            _ = try await stores.run(RotateHourCommand.self)
            let cli = "redis-cli -s '\(stores.stack.redisSocket)' hset 'fs:{1}:sale' state recovering >/dev/null"
            #expect(try await BuiltBinary.script(cli).status == 0)
            let outcome = try await stores.run(VerifyCommand.self, "--sale", "1")
            #expect(outcome.status == .tryLater)
            #expect(outcome.failure?.message.contains("sale 1 is shut in Redis") == true)
        }
    }

    @Test func argumentsAreChecked() {
        #expect(throws: (any Error).self) { try VerifyCommand.parse(["--sale", "x"]) }
        #expect(throws: (any Error).self) { try ReconcileCommand.parse([]) }
        #expect(throws: (any Error).self) { try ReconcileCommand.parse(["--plan", "--apply", "--confirm", "x"]) }
        #expect(throws: (any Error).self) { try ReconcileCommand.parse(["--apply"]) }
        #expect(throws: (any Error).self) { try ReconcileCommand.parse(["--plan", "--sale", "0"]) }
        #expect(throws: Never.self) { try ReconcileCommand.parse(["--dry-run"]) }
    }

    @Test func aPlanIsPrintedConfirmedAndAppliedOnce() async throws {
        try await CommandStack.with { stores in
            _ = try await stores.run(RotateHourCommand.self)
            let nothing = try await stores.run(ReconcileCommand.self, "--plan")
            #expect(nothing.status == .success)
            #expect(nothing.data.contains("nothing to do"))
            let cli = "redis-cli -s '\(stores.stack.redisSocket)' hincrby 'fs:{1}:sale' free -1 >/dev/null"
            #expect(try await BuiltBinary.script(cli).status == 0)
            let plan = try await stores.run(ReconcileCommand.self, "--plan", "--sale", "1", "-o", "ndjson")
            #expect(plan.status == .success)
            let hash = try #require(try json(plan.data, "hash") as? String)
            #expect(hash.count == 64)
            let wrong = try await stores.run(ReconcileCommand.self, "--apply", "--confirm", "abc")
            #expect(wrong.status == .badInput)
            #expect(try await stores.run(VerifyCommand.self).status == .invariantViolated)
            let done = try await stores.run(
                ReconcileCommand.self,
                "--apply",
                "--confirm",
                hash,
                "--reason",
                "by a test"
            )
            #expect(done.status == .success, "\(String(describing: done.failure))")
            #expect(done.data.contains("the sale goes on at epoch"))
            #expect(try await stores.run(VerifyCommand.self).status == .success)
            let again = try await stores.run(ReconcileCommand.self, "--apply", "--confirm", hash)
            #expect(again.status == .badInput)
            let logged = try await stores.withPostgres { postgres in
                try await postgres.query("select actor || ': ' || reason from control_log where action = 'reconcile'")
                    .one()[0].text
            }
            #expect(logged.contains(hash))
            #expect(logged.contains("by a test"))
            #expect(logged.hasPrefix("somebody@\(HostName.current): "), "as every other change: \(logged)")
        }
    }
}
