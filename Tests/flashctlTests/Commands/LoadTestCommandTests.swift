import Foundation
import Testing

@testable import flashctl

@Suite struct LoadTestCommandTests {
    private let accept: ScriptedServer.Behaviour = { number, _ in
        [.send(number < 3 ? response(201, "{\"code\":\"x\"}") : response(409, "{\"error\":\"sold_out\"}"))]
    }

    @Test func theSummaryIsDataInJSON() async throws {
        try await ScriptedServer.serving(accept) { server in
            let collected = CollectingSink()
            let command = try LoadTestCommand.parse([
                "--requests", "10", "--connections", "2", "--target", server.target, "--run-id", "abc", "-o", "json",
            ])
            try await command.run(in: collected.environment(), interrupts: AsyncStream { $0.finish() })
            let object = try JSONSerialization.jsonObject(with: Data(collected.data.utf8))
            let summary = try #require(object as? [String: Any])
            #expect(summary["ok"] as? Bool == true)
            #expect(summary["model"] as? String == "closed")
            #expect(summary["run_id"] as? String == "abc")
            #expect((summary["accepted"] as? [String: Any])?["count"] as? Int == 3)
            #expect((summary["refused"] as? [String: Any])?["count"] as? Int == 7)
            #expect((summary["purchases"] as? [String: Any])?["count"] as? Int == 0)
            let answers = try #require(summary["answers"] as? [[String: Any]])
            #expect(answers.map { $0["status"] as? Int } == [201, 409])
            #expect(answers.last?["error"] as? String == "sold_out")
            let latencies = try #require(summary["latency_ns"] as? [[String: Any]])
            #expect(latencies.map { $0["outcome"] as? String } == ["held", "sold_out"])
            #expect(latencies.allSatisfy { ($0["p99.9"] as? Int ?? 0) > 0 })
        }
    }

    @Test func thePortOfTheEnvironmentIsTheDefaultTarget() async throws {
        try await ScriptedServer.serving(accept) { server in
            let collected = CollectingSink()
            let command = try LoadTestCommand.parse(["--requests", "5", "--connections", "1"])
            let environment = collected.environment(["PORT": String(server.port)])
            try await command.run(in: environment, interrupts: AsyncStream { $0.finish() })
            #expect(server.requestLines.count == 5)
            #expect(collected.data.contains("model       closed"))
            #expect(collected.data.contains("accepted checkouts       3"))
            #expect(collected.data.contains("ok: every request was answered"))
        }
    }

    @Test func twoRunsHaveDifferentUsers() async throws {
        try await ScriptedServer.serving(accept) { server in
            for _ in 0..<2 {
                let command = try LoadTestCommand.parse([
                    "--requests", "5", "--connections", "1", "--target", server.target,
                ])
                let environment = CollectingSink().environment()
                try await command.run(in: environment, interrupts: AsyncStream { $0.finish() })
            }
            #expect(Set(server.requestLines).count == 10)
        }
    }

    @Test func aFailedRunStillPrintsItsSummary() async throws {
        try await ScriptedServer.serving({ _, _ in [.send(response(500))] }) { server in
            let collected = CollectingSink()
            let command = try LoadTestCommand.parse([
                "--requests", "4", "--connections", "1", "--target", server.target,
            ])
            let error = try await #require(throws: SilentExit.self) {
                try await command.run(in: collected.environment(), interrupts: AsyncStream { $0.finish() })
            }
            #expect(error.status == .failure)
            #expect(collected.data.contains("failed: 4 server errors"))
        }
    }

    @Test func localExcludesAddresses() {
        #expect(throws: (any Error).self) { try LoadTestCommand.parse(["--local", "--redis", "a:1"]) }
        #expect(throws: (any Error).self) { try LoadTestCommand.parse(["--preset", "nonsense"]) }
    }
}
