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
            #expect((summary["verdict"] as? [String: Any])?["ok"] as? Bool == true)
            #expect(summary["model"] as? String == "closed")
            let plan = try #require(summary["plan"] as? [[String: Any]])
            let named = plan.first { $0["name"] as? String == "run id" }
            #expect((named?["value"] as? String)?.hasPrefix("abc, seed ") == true)
            let metrics = try #require(summary["metrics"] as? [String: Any])
            #expect(metrics["held.count"] as? Int == 3 && metrics["refusals.count"] as? Int == 7)
            #expect(metrics["purchased.p99"] == nil, "nobody has purchased")
            for name in ["held.p99.9", "sold_out.p99.9"] { #expect((metrics[name] as? Int ?? 0) > 0) }
            #expect((summary["timeline"] as? [Any])?.isEmpty == false)
        }
    }

    @Test func thePortOfTheEnvironmentIsTheDefaultTarget() async throws {
        try await ScriptedServer.serving(accept) { server in
            let collected = CollectingSink()
            let command = try LoadTestCommand.parse(["--requests", "5", "--connections", "1"])
            let environment = collected.environment(["PORT": String(server.port)])
            try await command.run(in: environment, interrupts: AsyncStream { $0.finish() })
            #expect(server.requestLines.count == 5)
            #expect(collected.data.contains("model        closed"))
            #expect(collected.data.contains("accepted checkouts       3"))
            #expect(collected.data.hasSuffix("OK  every check holds\n"))
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
            #expect(collected.data.contains("FAILED  4 server errors"))
        }
    }

    @Test func aCrossedThresholdStopsTheRunEarly() async throws {
        let behaviour: ScriptedServer.Behaviour = { _, _ in [.pause(.milliseconds(5)), .send(response(500))] }
        try await ScriptedServer.serving(behaviour) { server in
            let collected = CollectingSink()
            let command = try LoadTestCommand.parse([
                "--requests", "1000000", "--connections", "2", "--target", server.target, "--fail-if", "5xx.count>3",
                "--abort-on-fail",
            ])
            let error = try await #require(throws: SilentExit.self) {
                try await command.run(in: collected.environment(), interrupts: AsyncStream { $0.finish() })
            }
            #expect(error.status == .thresholdFailed)
            #expect(collected.data.contains("THRESHOLD FAILED  `5xx.count>3`: it is "))
            #expect(server.requestLines.count < 100_000)
        }
    }

    @Test func aSearchRunsOneLoadAfterTheOther() async throws {
        try await ScriptedServer.serving(accept) { server in
            let collected = CollectingSink()
            let command = try LoadTestCommand.parse([
                "--find-max", "held.count>1000", "--rate", "4/s", "--duration", "1s", "--target", server.target,
                "--run-id", "s", "-o", "json",
            ])
            let error = try await #require(throws: SilentExit.self) {
                try await command.run(in: collected.environment(), interrupts: AsyncStream { $0.finish() })
            }
            // A busy machine makes the generator late, and then it does not know.
            #expect([.thresholdFailed, .invalidLoadTest].contains(error.status))
            #expect(try json(collected.data, "search", "condition") as? String == "held.count>1000")
            let steps = try #require(try json(collected.data, "search", "steps") as? [[String: Any]])
            #expect(steps.map { $0["rate"] as? Double } == [4, 2, 1])
            #expect(steps.allSatisfy { $0["holds"] as? Bool == false })
            #expect(server.requestLines.count == 7)
            #expect(server.requestLines.contains { $0.contains("user_id=s-1-") }, "each load has its own users")
            let points = try #require(try json(collected.data, "timeline") as? [[String: Any]])
            let starts = points.compactMap { $0["start"] as? Double }
            #expect(starts.count >= 3 && starts == starts.sorted(), "one timeline for all loads")
        }
    }

    @Test(arguments: [
        ["--find-max", "checkout.p99"], ["--find-max", "oversold<1"], ["--find-max", "errors<1", "--closed"],
        ["--find-max", "errors<1", "--verify"], ["--find-max", "errors<1", "--fail-if", "errors>1"],
        ["--fail-if", "nonsense>1"],
    ])
    func whatCannotBeJudgedIsWrongUsage(arguments: [String]) {
        let error = #expect(throws: (any Error).self) { try LoadTestCommand.parse(arguments) }
        #expect(error.map { LoadTestCommand.exitCode(for: $0) } == .validationFailure)
    }

    @Test func localExcludesAddresses() {
        #expect(throws: (any Error).self) { try LoadTestCommand.parse(["--local", "--redis", "a:1"]) }
        #expect(throws: (any Error).self) { try LoadTestCommand.parse(["--preset", "nonsense"]) }
    }
}
