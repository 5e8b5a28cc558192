import Foundation
import Testing

@testable import flashctl

/// HTTP clients with their defaults against the built server: none of their requests may fail.
@Suite(.serialized) struct ClientTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Clients")

    @Test("One after the other, many at once, with pauses around the idle time, and across a restart")
    func nothingFails() async throws {
        let clients = ["requests", "httpx", "curl", "jdk-bytes"]
        let outcome = try await BuiltBinary.program([
            "/usr/bin/python3", ClientTests.folder.appending(path: "run.py").path, BuiltBinary.path, "--quick",
            "--clients", clients.joined(separator: ","),
        ])
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.talk)")
        let rows = outcome.output.split(separator: "\n").map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        for client in clients {
            let scenarios = rows.filter { $0.first == client }
            #expect(scenarios.map { $0[1] } == ["sequence", "crowd", "pauses", "restart"])
            #expect(scenarios.prefix(3).map { $0[2] } == ["100", "200", "8"])
            #expect(scenarios.allSatisfy { $0[5] == "0" })
        }
    }
}
