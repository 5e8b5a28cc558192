import Foundation
import TestSupport
import Testing

@testable import flashctl

/// A load test with somebody in front of it: a real pseudo-terminal, and a screen to look at.
@Suite(.serialized) struct LoadTerminalTests {
    private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Terminal/loadtest.py").path

    @Test(arguments: ["interrupt", "terminate", "hangup", "quit", "suspend", "resize"])
    func theTerminalIsGivenBack(scenario: String) async throws {
        // Slow enough to last longer than the scenario, on any machine.
        let behaviour: ScriptedServer.Behaviour = { _, _ in [.pause(.milliseconds(50)), .send(response(409))] }
        try await ScriptedServer.serving(behaviour) { server in
            let outcome = try await BuiltBinary.program([
                "/usr/bin/python3", LoadTerminalTests.script, scenario, BuiltBinary.path, "loadtest", "--requests",
                "1000000", "--connections", "2", "--target", server.target,
            ])
            #expect(outcome.status == 0, "\(outcome.output)\(outcome.talk)")
        }
    }
}
