import Foundation
import Testing

@testable import flashctl

/// The whole tool as processes: a server with its private stores, the generator, the status, and the end.
@Suite struct ServeTests {
    @Test func aLocalServerServesAndEndsCleanly() async throws {
        try await withFolder { folder in
            let environment = ["XDG_STATE_HOME": folder, "HOME": folder, "FLASHCTL_HOURLY_STOCK": "50"]
            let outcome = try await BuiltBinary.script(
                """
                "$0" serve --local --port 0 --host 127.0.0.1 2>"$HOME/serve.log" &
                pid=$!
                for i in $(seq 300); do
                  target=$(sed -n 's/^listening on //p' "$HOME/serve.log")
                  [ -n "$target" ] && break
                  sleep 0.1
                done
                "$0" loadtest --requests 300 --connections 10 --target "$target" -o json >"$HOME/load.json" 2>/dev/null
                echo "load $?"
                for i in $(seq 100); do
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
            #expect(try json(load, "accepted", "count") as? Int == 50)
            #expect(try json(load, "refused", "count") as? Int == 250)
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
}
