import Foundation
import TestSupport
import Testing

@testable import flashctl

/// The shell without a person: scripts.
@Suite(.serialized) struct ShellScriptTests {
    /// Runs the shell with these lines on standard input.
    private func shell(_ lines: String, _ options: [String] = [], in stores: CommandStack) async throws
        -> BuiltBinary.Outcome
    {
        try await withFolder { folder in
            try write(lines, to: folder + "/script")
            return try await BuiltBinary.script(
                "\"$0\" shell \(options.joined(separator: " ")) <\"$SCRIPT\"",
                environment: environment(stores).merging(["SCRIPT": folder + "/script"]) { $1 }
            )
        }
    }

    private func environment(_ stores: CommandStack) -> [String: String] {
        ["REDIS_URL": stores.stack.redisURL, "POSTGRES_URL": stores.stack.postgresURL, "HOME": "/nonexistent"]
    }

    /// Times and what a clock counts differ between any two looks.
    private func timeless(_ text: String) -> String {
        text.replacing(#/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/#, with: "TIME")
            .replacing(#/[0-9][0-9.,]*/#, with: "N")
            .replacing(#/(N[hms])+/#, with: "N")
            .replacing(#/behind|ahead of/#, with: "beside")
            .replacing(#/ +| µs|-+/#, with: " ")
    }

    @Test func everyReadingCommandDoesTheSameAsOutside() async throws {
        try await ShopServer.with(stock: 3) { shop in
            let buyer = try await ShopClient.connect(port: shop.port)
            let reply = try await buyer.send("POST", "/checkout?user_id=alice&id=7")
            _ = try await buyer.send("POST", "/purchase?code=\(try #require(reply["code"]))")
            try await buyer.close()
            try await shop.eventually("select count(*)::text from attempts", is: "1")
            for line in [
                "status --fast", "status -o json", "verify", "verify -o yaml", "doctor -o json", "config show",
                "inspect-user alice", "inspect-user nobody", "explain alice", "explain 1 --as unit -o json",
                "replay-attempts", "replay-attempts --export -o ndjson", "replay-attempts --pending --dry-run",
                "reconcile --plan", "migrate --dry-run", "help exit-codes", "help status", "status --sale 99",
                "status --nonsense", "stauts", "pause --reason x --dry-run", "limit 1 --reason x --dry-run",
            ] {
                let outside = try await BuiltBinary.script("\"$0\" \(line)", environment: environment(shop.stores))
                let inside = try await shell(line + "\n", in: shop.stores)
                #expect(inside.status == outside.status, "\(line): \(inside.talk)")
                // What doctor measures differs from time to time; what it looks at does not.
                let isMeasured = line.hasPrefix("doctor")
                func shown(_ text: String) -> String {
                    isMeasured
                        ? text.split(separator: "\n").filter { $0.contains("\"name\"") }.joined() : timeless(text)
                }
                #expect(shown(inside.output) == shown(outside.output), "\(line)")
            }
        }
    }

    @Test func theFirstErrorEndsItWithFileLineAndStatus() async throws {
        try await CommandStack.with { stores in
            let lines = "# before\nsql select 1 as one\nstatus --sale 99\nsql select 2 as two\n"
            let stopped = try await shell(lines, in: stores)
            #expect(stopped.status == 1)
            #expect(stopped.talk.contains("standard input:3: there is no sale 99"))
            #expect(stopped.output.contains("one"))
            #expect(!stopped.output.contains("two"))
            let kept = try await shell(lines, ["--keep-going"], in: stores)
            #expect(kept.status == 1)
            #expect(kept.output.contains("two"))
            #expect(kept.talk.contains("standard input:3: there is no sale 99"))
            #expect(!kept.output.contains("\u{1B}") && !kept.output.contains("flash["))
        }
    }

    @Test func linesOfAnOptionAndOfFiles() async throws {
        try await CommandStack.with { stores in
            try await withFolder { folder in
                try write("sql select 'inner' as name\nnonsense\n", to: folder + "/inner")
                try write("\\i \(folder)/inner\n", to: folder + "/outer")
                func run(_ lines: String) async throws -> BuiltBinary.Outcome {
                    try await BuiltBinary.script(
                        "\"$0\" shell -c \"$LINES_TO_RUN\"",
                        environment: environment(stores).merging(["LINES_TO_RUN": lines]) { $1 }
                    )
                }
                let nested = try await run("\\i \(folder)/outer; sql select 'late' as name")
                #expect(nested.status == 64)
                #expect(nested.talk.contains("\(folder)/inner:2: there is no command 'nonsense'"))
                #expect(nested.output.contains("inner") && !nested.output.contains("late"))
                let written = try await run(
                    "\\o \(folder)/out; sql select 'to file' as name; \\o; sql select 'here' as x"
                )
                #expect(written.status == 0, "\(written.talk)")
                #expect(written.output.contains("here") && !written.output.contains("to file"))
                #expect(try String(contentsOfFile: folder + "/out", encoding: .utf8).contains("to file"))
                let piped = try await run("sql select 'abc' as name \\| tr a-z A-Z; \\| wc -l; \\q; nonsense")
                #expect(piped.status == 0, "\(piped.talk)")
                #expect(piped.output.contains("ABC"))
                #expect(
                    piped.output.split(separator: "\n").last.map { Int($0.trimmingCharacters(in: .whitespaces)) } == 5
                )
                let recursive = try await run("\\i \(folder)/self")
                #expect(recursive.status == 65)
                try write("\\i \(folder)/self\n", to: folder + "/self")
                #expect(try await run("\\i \(folder)/self").status == 64)
            }
        }
    }

    @Test func settingsHoldForTheLinesBehindThem() async throws {
        try await CommandStack.with { stores in
            let lines = """
                \\pset format json
                \\set who alice
                sql select 5 as five, 'x' as word
                \\pset format table
                \\x on
                sql select 5 as five, 'x' as word
                \\timing on
                inspect-user :who
                """
            let outcome = try await shell(lines, ["--keep-going"], in: stores)
            #expect(outcome.output.contains("\"five\": \"5\""))
            #expect(outcome.output.contains("five | 5\nword | x"))
            #expect(outcome.talk.contains("Time: "))
            #expect(outcome.talk.contains("Timing is on."))
            #expect(outcome.talk.contains("there is no sale"))
        }
    }

    @Test func aReadOnlyShellChangesNothing() async throws {
        try await CommandStack.with { stores in
            let seed = "seed-sale --name L --image-url https://example.com/l.png"
            let refused = try await shell(seed + "\n", ["--read-only"], in: stores)
            #expect(refused.status == 2)
            #expect(refused.talk.contains("this shell is read-only: `seed-sale` was not run"))
            #expect(try await shell(seed + " --dry-run\n", ["--read-only"], in: stores).status == 0)
            #expect(
                try await TestDatabase.rows("select count(*)::text from sales", at: stores.stack.postgresURL)
                    == [["0"]]
            )
            for (statement, status) in [
                ("insert into installation default values", 2), ("create table x()", 2),
                ("copy (select 1) to program 'true'", 2), ("set search_path = nowhere", 2), ("checkpoint", 2),
                ("with x as (delete from sales returning 1) select * from x", 1), ("select nextval('epochs')", 77),
                ("select 1; drop table sales", 64), ("select $$a$$; nonsense", 64), ("", 64),
            ] as [(String, Int32)] {
                let outcome = try await shell("sql \(statement)\n", in: stores)
                #expect(outcome.status == status, "\(statement): \(outcome.output)\(outcome.talk)")
            }
        }
    }

    /// What functions do in a statement is undone, and no setting outlives it.
    @Test func aStatementLeavesNothingBehind() async throws {
        try await CommandStack.with { stores in
            let lines = """
                sql select lo_from_bytea(0, 'written')
                sql select pg_advisory_lock(42)
                sql select set_config('search_path', 'nowhere', false)
                migrate --dry-run
                sql show search_path
                sql explain select 1
                sql table sales
                sql select count(*) from pg_locks where locktype = 'advisory' and objid = 42
                """
            let outcome = try await shell(lines, ["--keep-going"], in: stores)
            #expect(outcome.status == 0, "\(outcome.talk)")
            #expect(outcome.output.contains("$user"))
            #expect(outcome.output.contains("Result"))
            let left = try await TestDatabase.rows(
                """
                select (select count(*) from pg_largeobject_metadata)::text,
                    (select count(*) from pg_locks where locktype = 'advisory' and objid = 42)::text
                """,
                at: stores.stack.postgresURL
            )
            #expect(left == [["0", "0"]])
        }
    }

    @Test func noMoreRowsAreFetchedThanShown() async throws {
        try await CommandStack.with { stores in
            let outcome = try await shell("sql select generate_series(1, 100000000) as n \\| tail -1\n", in: stores)
            #expect(outcome.status == 0, "\(outcome.talk)")
            #expect(outcome.output.contains("(10,000 rows)"))
            #expect(outcome.talk.contains("Only the first 10,000 rows are shown."))
        }
    }

    @Test func linesAreRunAsTheyCome() async throws {
        try await CommandStack.with { stores in
            try await withFolder { folder in
                let outcome = try await BuiltBinary.script(
                    """
                    ( echo "redis ping"
                      for try in $(seq 1200); do grep -q PONG "$OUT" && break; sleep 0.1; done
                      grep -q PONG "$OUT" && printf "sql select 'second' as x\\r\\n\\r\\nredis ping\\r\\n"
                    ) | "$0" shell >"$OUT"
                    """,
                    environment: environment(stores).merging(["OUT": folder + "/out"]) { $1 }
                )
                #expect(outcome.status == 0, "\(outcome.talk)")
                let output = try String(contentsOfFile: folder + "/out", encoding: .utf8)
                #expect(output.contains("second"))
                #expect(output.matches(of: /PONG/).count == 2)
            }
        }
    }

    @Test func everyErrorDecidesTheStatus() async throws {
        try await CommandStack.with { stores in
            try await withFolder { folder in
                try write("nonsense\nredis ping\n\\q\nredis time\n", to: folder + "/inner")
                for (lines, options, status, shown) in [
                    ("nonsense\n\\q\n", ["--keep-going"], 64, ""),
                    ("nonsense\nquit\nredis ping\n", ["--keep-going"], 64, ""),
                    ("\\i \(folder)/inner\nsql select 'outer' as x\n", ["--keep-going"], 64, "PONG outer"),
                    ("\\! false\nredis ping\n", [], 1, ""), ("redis ping \\| false\nredis ping\n", [], 1, ""),
                    ("\\watch inf stock\n", [], 64, ""), ("\\o \(folder)/no/file\nredis ping\n", [], 1, ""),
                    ("\\connect foo\nredis ping\n", [], 64, ""), ("\\connect\nredis ping\n", [], 0, "PONG"),
                    ("\\connect --redis 127.0.0.1:1\nredis ping\n", ["--keep-going"], 69, "PONG"),
                    ("stock --nonsense\n", [], 64, ""), ("ledger alice\n", [], 64, ""),
                    ("attempts held alice\n", [], 64, ""), ("stock --sale 99\n", [], 1, ""),
                    ("stock --help\n", [], 0, "the units that are free"),
                    ("\\set s 7\nsql select :s + 1 as n, ':s'::text as word\n", [], 0, "8 :s"),
                ] as [(String, [String], Int32, String)] {
                    let outcome = try await shell(lines, options, in: stores)
                    #expect(outcome.status == status, "\(lines): \(outcome.output)\(outcome.talk)")
                    for word in shown.split(separator: " ") { #expect(outcome.output.contains(word), "\(lines)") }
                    if shown.isEmpty { #expect(!outcome.output.contains("PONG"), "\(lines)") }
                    #expect(!outcome.talk.contains("CommandError"), "\(outcome.talk)")
                }
            }
        }
    }

    /// Every command that changes something says so, or a read-only shell would run it.
    @Test func changingCommandsSayThatTheyChange() async throws {
        let changing = [
            ["seed-sale", "--name", "L", "--image-url", "u"], ["rotate-hour"], ["pause", "--reason", "x"],
            ["resume", "--reason", "x"], ["ban", "a", "--reason", "x"], ["unban", "a", "--reason", "x"],
            ["limit", "1", "--reason", "x"], ["reconcile", "--apply", "--confirm", "0"], ["migrate"], ["serve"],
            ["loadtest"], ["replay-attempts", "--pending"], ["replay-attempts", "--target", "http://127.0.0.1:1"],
        ]
        for words in changing {
            let command = try Flashctl.parseAsRoot(words) as? any EnvironmentCommand
            #expect(command?.changesSomething == true, "\(words)")
        }
        let reading = [
            ["status"], ["verify"], ["doctor"], ["config", "show"], ["inspect-user", "a"], ["explain", "a"],
            ["replay-attempts"], ["reconcile", "--plan"], ["migrate", "--dry-run"], ["rotate-hour", "--dry-run"],
        ]
        for words in reading {
            let command = try Flashctl.parseAsRoot(words) as? any EnvironmentCommand
            #expect(command?.changesSomething == false, "\(words)")
        }
    }
}
