import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import flashctl

/// The live page of a running server, in a real Chromium.
@Suite(.serialized) struct LivePageTests {
    private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Browser/live_page.py").path
    /// A name that must stay a name.
    private static let item = "<img src=x onerror=alert(1)> & \"Lamp\""

    @Test(
        "Before, during and after a load test, at every width, read aloud, and when the server stands still",
        arguments: ["load", "layout", "reading", "trouble"]
    )
    func isWatched(scenario: String) async throws {
        try await LocalFolder.with { folder in
            let port = try await freePort()
            let arguments = ["--local", "--no-rotate", "--admin-port", "\(port)"]
            let run = try await RunningBinary.serving(arguments, environment: folder.environment) { server, shop in
                #expect(try await server.said("live page: ") == "http://127.0.0.1:\(port)/ (metrics: /metrics)")
                let seeded = try await folder.run(
                    "seed-sale",
                    "--name",
                    LivePageTests.item,
                    "--image-url",
                    "https://example.com/lamp.png",
                    "--stock",
                    "800",
                    "--duration",
                    "2h",
                    "--hold",
                    "90s"
                )
                #expect(seeded.status == 0, "\(seeded.talk)")
                try await opens(shop)
                let outcome = try await BuiltBinary.program(
                    [
                        "/usr/bin/python3", LivePageTests.script, scenario, "http://127.0.0.1:\(port)/",
                        "http://127.0.0.1:\(shop)", BuiltBinary.path, "\(server.pid)", LivePageTests.item,
                    ],
                    environment: folder.environment
                )
                #expect(outcome.status == 0, "\(outcome.output)\(outcome.talk)")
                // One of the scenarios has told it to end already; whoever is told twice ends at once.
                if scenario == "trouble" { try await server.ended() } else { try await server.end(by: SIGTERM) }
            }
            #expect(run.status == 0)
        }
    }

    /// Waits until the seeded sale sells.
    private func opens(_ port: Int) async throws {
        try await eventually("the opening of the sale") {
            let page = try await BuiltBinary.program(["/usr/bin/curl", "-s", "http://127.0.0.1:\(port)/sale"])
            return page.output.contains("onerror")
        }
    }

    /// A port that was free a moment ago: 0 means none here.
    private func freePort() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(channel.localAddress?.port)
        try await channel.close().get()
        return port
    }
}
