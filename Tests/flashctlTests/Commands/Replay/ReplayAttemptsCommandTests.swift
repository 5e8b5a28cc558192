import FlashSaleKit
import Testing

@testable import flashctl

/// Audit, export and what is stuck, on a shop that has sold.
@Suite(.serialized) struct ReplayAttemptsCommandTests {
    /// A shop whose traffic is in Postgres.
    private func withSoldShop(_ body: @escaping @Sendable (CommandStack) async throws -> Void) async throws {
        try await ShopServer.with(stock: 30, limit: 1) { shop in
            #expect(try await shop.load(60, runID: "crowd").status == .success)
            _ = try await shop.load(20, runID: "crowd")
            try await shop.eventually("select count(*) from attempts", is: "80")
            try await body(shop.stores)
        }
    }

    private func force(_ stores: CommandStack, _ sql: SQL) async throws {
        try await stores.withPostgres { postgres in
            try await postgres.transaction { session in
                try session.query("set local session_replication_role = replica")
                try session.query(sql)
            }
        }
    }

    @Test func anAuditSaysWhatItHasReplayedAndNamesWhatWasAltered() async throws {
        try await withSoldShop { stores in
            let text = try await stores.run(ReplayAttemptsCommand.self)
            #expect(text.status == .success, "\(text)")
            #expect(text.data.contains("no divergence: 80 attempts and 61 rows of the ledger"), "\(text.data)")
            #expect(text.talk == "")
            let clean = try await stores.run(ReplayAttemptsCommand.self, "--sale", "1", "-o", "json")
            #expect(try json(clean.data, "ok") as? Bool == true)
            #expect(try json(clean.data, "sold") as? Int == 30)
            #expect(try json(clean.data, "totals", "outcomes", "sold_out") as? Int == 50)
            #expect(try json(clean.data, "totals", "purchased") as? Int == 30)

            try await force(
                stores,
                """
                update attempts set outcome = 'L' where (seq, idx) = (select seq, idx from attempts
                    where outcome = 'S' order by seq, idx limit 1)
                """
            )
            let altered = try await stores.run(ReplayAttemptsCommand.self, "-o", "json")
            #expect(altered.status == .invariantViolated)
            #expect(altered.failure?.message.contains("recorded is user_limit, the rules give sold_out") == true)
            #expect(try json(altered.data, "divergence", "table") as? String == "attempts")
            #expect(try json(altered.data, "divergence", "free") as? Int == 0)
            let table = try await stores.run(ReplayAttemptsCommand.self)
            #expect(table.data.contains("first divergence: attempts at epoch"))
            let none = try await stores.run(ReplayAttemptsCommand.self, "--sale", "99")
            #expect(none.failure?.message == "there is no sale 99")
        }
    }

    @Test func attemptsAreExportedInTheirOrderAndAsWanted() async throws {
        try await withSoldShop { stores in
            let current = try await stores.run(ReplayAttemptsCommand.self, "--sale", "current", "-o", "json")
            #expect(try json(current.data, "sale", "id") as? Int == 1, "\(current)")
            let all = try await stores.run(ReplayAttemptsCommand.self, "--export")
            #expect(all.status == .success, "\(all)")
            let lines = all.data.split(separator: "\n").map(String.init)
            #expect(lines.count == 80)
            let places = try lines.map { line in
                [try json(line, "epoch"), try json(line, "seq"), try json(line, "idx")].map { $0 as? Int ?? -1 }
            }
            #expect(places == places.sorted { $0.lexicographicallyPrecedes($1) })
            #expect(try json(lines[0], "outcome") as? String == "held")
            #expect((try json(lines[0], "hold") as? String)?.count == 32)
            func count(_ arguments: String...) async throws -> Int {
                let outcome = try await stores.run(ReplayAttemptsCommand.self, ["--export"] + arguments)
                return outcome.data.split(separator: "\n").count
            }
            #expect(try await count("--outcome", "held", "-o", "ndjson") == 30)
            #expect(try await count("--outcome", "sold_out") == 50)
            #expect(try await count("--user", "crowd-3") == 2)
            #expect(try await count("--user", "crowd-3", "--outcome", "user_limit") == 0)
            #expect(try await count("--since", "2999-01-01T00:00:00Z") == 0)
            #expect(try await count("--until", "2999-01-01T00:00:00Z") == 80)
            // Somebody who reads one line only.
            let addresses = stores.addresses.map { "'\($0)'" }.joined(separator: " ")
            let head = try await BuiltBinary.script(
                "set -o pipefail; \"$0\" replay-attempts --export \(addresses) | head -1"
            )
            #expect(head.output.split(separator: "\n").count == 1)
            #expect(head.talk == "")
        }
    }

    @Test func whatIsStuckIsListedThenMoved() async throws {
        try await CommandStack.with { stores in
            let nothing = try await stores.run(ReplayAttemptsCommand.self, "--pending")
            #expect(nothing.status == .success, "\(nothing)")
            #expect(nothing.data.contains("0 rows moved, 0 dead letters repaired; nothing is stuck"))
            _ = try await stores.run(RotateHourCommand.self)
            let listed = try await stores.run(ReplayAttemptsCommand.self, "--pending", "--dry-run", "-o", "json")
            #expect(listed.status == .success)
            #expect(try json(listed.data, "dry_run") as? Bool == true)
            #expect((try json(listed.data, "waiting") as? [Any])?.count == 4)
            try await force(
                stores,
                """
                insert into dead_letter (sale_id, stream, entry_id, idx, kind, payload, sqlstate, reason)
                values (1, 'attempts', '5-5', 3, 'attempt', 'x', '22021', 'the text is no UTF-8')
                """
            )
            let one = try await stores.run(ReplayAttemptsCommand.self, "--pending", "--dry-run", "--sale", "current")
            #expect(one.data.contains("and 1 dead letter, of which"), "\(one)")
            let moved = try await stores.run(ReplayAttemptsCommand.self, "--pending", "--sale", "1")
            #expect(moved.status == .failure)
            #expect(moved.failure?.message == "still stuck: 1 dead letter")
            #expect(moved.data.contains("unrepairable: it does not say its step"))
            let rows = try await stores.withPostgres { postgres in
                try await postgres.query("select count(*) from ledger where sale_id = 1").one()[0].int
            }
            #expect(rows == 1, "the opening of the sale")
            let audit = try await stores.run(ReplayAttemptsCommand.self, "--sale", "1")
            #expect(audit.status == .invariantViolated)
            #expect(audit.failure?.message.contains("1 records of sale 1 are in dead_letter") == true)
            let unknown = try await stores.run(ReplayAttemptsCommand.self, "--pending", "--sale", "99")
            #expect(unknown.failure?.message == "there is no sale 99")
        }
    }

    /// The server is killed in the middle of its drain, and the mover in the middle of its own.
    @Test(arguments: ["attempts.before-commit", "attempts.after-copy", "ledger.after-commit"])
    func afterAKillEveryAttemptIsThereOnce(failpoint: String) async throws {
        try await CommandStack.with { stores in
            let seeded = try await stores.run(
                SeedSaleCommand.self,
                [
                    "--name", "Lamp", "--image-url", "https://example.com/l.png", "--stock", "300", "--duration", "2h",
                    "--test",
                ]
            )
            #expect(seeded.status == .success)
            let arguments = ["--no-rotate"] + stores.addresses
            let arm = ["FLASHCTL_FAILPOINT": "\(failpoint)@3=abort"]
            let server = try await RunningBinary.serving(arguments, environment: arm) { _, port in
                let load = try await BuiltBinary.run([
                    "loadtest", "--target", "http://127.0.0.1:\(port)", "--requests", "20000", "--connections", "8",
                    "--purchases", "50", "-o", "json",
                ])
                #expect(load.status == 1, "the server must die under the load: \(load.talk)")
            }
            #expect(server.status == 128 + 9)
            // The mover dies as well, and then is run again.
            let again = ["replay-attempts", "--pending"] + stores.addresses
            let killed = try await BuiltBinary.run(
                again,
                environment: ["FLASHCTL_FAILPOINT": "attempts.before-commit=abort"]
            )
            #expect(killed.status == 128 + 9, "\(killed)")
            let moved = try await BuiltBinary.run(again)
            #expect(moved.status == 0, "\(moved)")
            #expect(moved.output.contains("nothing is stuck"))
            let books = try await TestDatabase.rows(
                """
                select count(*), count(distinct (epoch, seq, idx)), (select drained_rows from journal_cursor
                    where stream = 'attempts') from attempts
                """,
                at: stores.stack.postgresURL
            ).first
            #expect(books?[0] == books?[1] && books?[0] == books?[2], "\(failpoint): \(books ?? [])")
            #expect(try await stores.run(ReplayAttemptsCommand.self).status == .success)
            let verified = try await stores.run(VerifyCommand.self)
            #expect(verified.status == .success, "\(verified)")
        }
    }
}
