import Foundation
import Testing

@testable import flashctl

/// The whole tool as processes: a server with its private stores, the generator, the status, and the end.
@Suite(.serialized) struct ServeTests {
    @Test func aLocalServerServesAndEndsCleanly() async throws {
        try await withFolder { folder in
            let environment = ["XDG_STATE_HOME": folder, "HOME": folder, "FLASHCTL_HOURLY_STOCK": "50"]
            let outcome = try await BuiltBinary.script(
                """
                "$0" serve --local --port 0 --host 127.0.0.1 2>"$HOME/serve.log" &
                pid=$!
                for i in $(seq 1200); do
                  target=$(sed -n 's/^listening on //p' "$HOME/serve.log")
                  [ -n "$target" ] && break
                  sleep 0.1
                done
                "$0" loadtest --requests 300 --connections 10 --target "$target" -o json >"$HOME/load.json" 2>/dev/null
                echo "load $?"
                for i in $(seq 1200); do
                  "$0" status --local -o json >"$HOME/status.json" 2>/dev/null
                  grep -q '"drained": true' "$HOME/status.json" && break
                  sleep 0.1
                done
                kill -INT $pid
                wait $pid
                echo "serve $?"
                "$0" status --local -o json >"$HOME/after.json" 2>/dev/null
                echo "status $?"
                pgrep -f "$HOME" >/dev/null && echo "something still runs"
                exit 0
                """,
                environment: environment
            )
            let log = try String(contentsOfFile: folder + "/serve.log", encoding: .utf8)
            #expect(outcome.output == "load 0\nserve 0\nstatus 0\n", "\(log)")
            #expect(log.contains("open: sale 1, "))
            #expect(log.contains("psql: psql -h "))
            #expect(log.contains("redis-cli: redis-cli -s "))
            let load = try String(contentsOfFile: folder + "/load.json", encoding: .utf8)
            #expect(try json(load, "metrics", "held.count") as? Int == 50)
            #expect(try json(load, "metrics", "refusals.count") as? Int == 250)
            for name in ["status", "after"] {
                // Data of the first server is there for the next one.
                let status = try String(contentsOfFile: "\(folder)/\(name).json", encoding: .utf8)
                #expect(try json(status, "postgres", "attempts") as? Int == 300)
                #expect(try json(status, "postgres", "outcomes", "held") as? Int == 50)
                #expect(try json(status, "redis", "held") as? Int == 50)
                #expect(try json(status, "sale", "test") as? Bool == true)
            }
        }
    }

    @Test func aPortInUseIsOneSentence() async throws {
        try await ScriptedServer.serving({ _, _ in [] }) { server in
            try await CommandStack.with { stores in
                let outcome = try await BuiltBinary.run(
                    ["serve", "--port", String(server.port), "--host", "127.0.0.1"] + stores.addresses
                )
                #expect(outcome.status == 1)
                #expect(outcome.output.isEmpty)
                #expect(outcome.talk.contains("127.0.0.1:\(server.port)"))
            }
        }
    }

    @Test func anInterruptedCommandStopsWhatItHasStarted() async throws {
        try await withFolder { folder in
            let outcome = try await BuiltBinary.script(
                """
                "$0" rotate-hour --local || exit 1
                "$0" serve --local --port 0 --host 127.0.0.1 2>"$HOME/serve.log" &
                server=$!
                for i in $(seq 1200); do grep -q listening "$HOME/serve.log" && break; sleep 0.1; done
                psql=$(sed -n 's/^psql: //p' "$HOME/serve.log")
                $psql -qc 'begin; lock table sales; select pg_sleep(600)' >/dev/null 2>&1 &
                sleeping="from pg_stat_activity where wait_event = 'PgSleep'"
                until [[ $($psql -Atqc "select count(*) $sleeping") = 1 ]]; do sleep 0.1; done
                "$0" status --local >"$HOME/status.out" 2>"$HOME/status.err" &
                status=$!
                # It waits for the lock then, and not yet for as long as it would.
                sleep 3
                kill -INT $status
                wait $status
                echo "status $?"
                $psql -qc "select pg_terminate_backend(pid) $sleeping" >/dev/null
                kill -TERM $server
                wait $server
                echo "serve $?"
                pgrep -f "$HOME" >/dev/null && echo "something still runs"
                cat "$HOME/status.out"
                """,
                environment: ["XDG_STATE_HOME": folder, "HOME": folder]
            )
            #expect(outcome.output == "status 130\nserve 0\n")
            let talk = try String(contentsOfFile: folder + "/status.err", encoding: .utf8)
            #expect(talk == "flashctl: interrupted\n")
        }
    }

    @Test func aLoadTestKeepsTheLocalStackUntilItsEnd() async throws {
        try await withFolder { folder in
            let refuse: ScriptedServer.Behaviour = { _, _ in [.send(response(409, "{\"error\":\"sold_out\"}"))] }
            try await ScriptedServer.serving(refuse) { server in
                let outcome = try await BuiltBinary.script(
                    """
                    "$0" loadtest --local --requests 20 --connections 2 --target \(server.target) -o json
                    echo "status $?" >&2
                    pgrep -f "$HOME" >/dev/null && echo "something still runs" >&2
                    exit 0
                    """,
                    environment: ["XDG_STATE_HOME": folder, "HOME": folder]
                )
                #expect(try json(outcome.output, "totals", "completed") as? Int == 20)
                #expect(outcome.talk.hasSuffix("status 0\n"))
            }
        }
    }
}
