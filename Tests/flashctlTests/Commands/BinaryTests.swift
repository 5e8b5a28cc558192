import Foundation
import Testing

@testable import flashctl

/// The built program as a process: statuses and streams.
@Suite(.serialized) struct BinaryTests {
    private let refuse: ScriptedServer.Behaviour = { _, _ in [.send(response(409, "{\"error\":\"sold_out\"}"))] }

    @Test func helpAndVersionAreData() async throws {
        let help = try await BuiltBinary.run(["--help"])
        #expect(help.status == 0)
        #expect(help.output.contains("SUBCOMMANDS"))
        #expect(help.talk.isEmpty)
        let version = try await BuiltBinary.run(["--version"])
        #expect(version.status == 0)
        #expect(version.output == BuildInfo.text + "\n")
    }

    @Test func wrongUsageIs64() async throws {
        for arguments in [["loadtset"], ["loadtest", "--requests", "many"], ["loadtest", "--requests", "0"]] {
            let outcome = try await BuiltBinary.run(arguments)
            #expect(outcome.status == 64)
            #expect(outcome.output.isEmpty)
            #expect(!outcome.talk.isEmpty)
        }
    }

    @Test func badConfigurationIs78() async throws {
        let outcome = try await BuiltBinary.run(["loadtest"], environment: ["PORT": "eighty"])
        #expect(outcome.status == 78)
        #expect(outcome.output.isEmpty)
        #expect(outcome.talk.contains("environment variable PORT: the value `eighty` of port cannot be used"))
        #expect(outcome.talk.contains("next step: give a whole number from 0 to 65535"))
    }

    @Test func anUnknownFailpointIs78() async throws {
        let outcome = try await BuiltBinary.run(
            ["--version"],
            environment: ["FLASHCTL_FAILPOINT": "ledger.nowhere=abort"]
        )
        #expect(outcome.status == 78)
        #expect(outcome.output.isEmpty)
        #expect(outcome.talk.contains("FLASHCTL_FAILPOINT: `ledger.nowhere=abort` names no failpoint"))
    }

    /// It is no setting, and no wrong name of one either.
    @Test func aKnownFailpointIsNoWrongSetting() async throws {
        let outcome = try await BuiltBinary.run(
            ["loadtest", "--target", "http://127.0.0.1:1"],
            environment: ["FLASHCTL_FAILPOINT": "ledger.before-commit=abort", "FLASHCTL_JOURNAL_KEEP_MS": "300"]
        )
        #expect(outcome.status == 69, "\(outcome.talk)")
    }

    @Test func anUnreachableTargetIs69() async throws {
        let port = try await ScriptedServer.serving({ _, _ in [] }) { $0.port }
        let outcome = try await BuiltBinary.run(["loadtest", "--target", "http://127.0.0.1:\(port)"])
        #expect(outcome.status == 69)
        #expect(outcome.output.isEmpty)
        #expect(outcome.talk.contains("cannot connect to http://127.0.0.1:\(port)"))
        #expect(!outcome.talk.contains("\u{1B}"))
    }

    @Test func aCleanRunIs0WithNothingButDataOnStandardOutput() async throws {
        try await ScriptedServer.serving(refuse) { server in
            let outcome = try await BuiltBinary.run([
                "loadtest", "--requests", "500", "--connections", "20", "--target", server.target, "-o", "json",
            ])
            #expect(outcome.status == 0)
            let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
            #expect((object?["totals"] as? [String: Any])?["completed"] as? Int == 500)
        }
    }

    @Test func aServerErrorIs1() async throws {
        try await ScriptedServer.serving({ _, _ in [.send(response(500))] }) { server in
            let outcome = try await BuiltBinary.run([
                "loadtest", "--requests", "5", "--connections", "1", "--target", server.target,
            ])
            #expect(outcome.status == 1)
            #expect(outcome.output.contains("FAILED  5 server errors"))
        }
    }

    @Test(arguments: [("INT", 130), ("TERM", 143)] as [(String, Int32)])
    func signalsPrintTheSummary(signal: String, status: Int32) async throws {
        let behaviour: ScriptedServer.Behaviour = { number, _ in number < 10 ? [.send(response(409))] : [] }
        try await ScriptedServer.serving(behaviour) { server in
            let outcome = try await BuiltBinary.script(
                """
                talk=$(mktemp)
                "$0" loadtest --requests 1000 --connections 2 --target \(server.target) 2>"$talk" &
                pid=$!
                for i in $(seq 1200); do grep -q " 1 %" "$talk" && break; sleep 0.1; done
                kill -\(signal) $pid
                wait $pid && status=0 || status=$?
                cat "$talk" >&2
                rm "$talk"
                exit $status
                """
            )
            #expect(outcome.status == status)
            #expect(outcome.output.contains("INTERRUPTED  these are the numbers until then"))
            #expect(outcome.output.contains("10 completed"))
            #expect(outcome.talk.contains("  1 %  "))
        }
    }

    @Test func aClosedPipeIsSilent() async throws {
        try await ScriptedServer.serving(refuse) { server in
            let outcome = try await BuiltBinary.script(
                """
                set -o pipefail
                "$0" loadtest --requests 50 --connections 2 --target \(server.target) | true
                echo "status ${PIPESTATUS[0]}"
                """
            )
            // `true` may read nothing before it ends, or end before anything is written: never a word about it.
            #expect(outcome.output == "status 141\n")
            // On a busy machine the run lasts long enough for a line of progress.
            let words = outcome.talk.split(separator: "\n").filter { !$0.contains("/s  p50 ") }
            #expect(words.isEmpty)
        }
    }
}
