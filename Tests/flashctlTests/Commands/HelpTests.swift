import Testing

@testable import flashctl

/// What `--help` promises.
@Suite(.serialized) struct HelpTests {
    private static let names = [
        "serve", "seed-sale", "rotate-hour", "status", "inspect-user", "explain", "doctor", "migrate", "loadtest",
    ]

    @Test(arguments: names)
    func everyCommandHasExamplesAndTheCommonOptions(name: String) async throws {
        let outcome = try await BuiltBinary.run(["help", name])
        #expect(outcome.status == 0)
        #expect(outcome.talk.isEmpty)
        #expect(outcome.output.contains("flashctl \(name)"))
        #expect(outcome.output.contains("Example"))
        for option in ["--local", "--redis", "--postgres", "--config", "--log-level"] {
            #expect(outcome.output.contains(option))
        }
        #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test(arguments: ["seed-sale", "status", "inspect-user", "explain", "doctor", "migrate", "loadtest"])
    func commandsWithDataHaveFormats(name: String) async throws {
        let outcome = try await BuiltBinary.run([name, "--help"])
        #expect(outcome.output.contains("-o, --output"))
        #expect(outcome.output.contains("--color"))
    }

    @Test func theConfigurationHasTheOptionsOfTheServer() async throws {
        let outcome = try await BuiltBinary.run(["help", "config", "show"])
        for option in ["--origin", "--local", "--redis", "--port", "--no-rotate", "--hourly-stock", "-o, --output"] {
            #expect(outcome.output.contains(option))
        }
        #expect(outcome.output.contains("Example"))
        #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
        #expect(try await BuiltBinary.run(["help", "config"]).output.contains("flashctl config show --origin"))
    }

    @Test func theListOfCommandsIsComplete() async throws {
        let outcome = try await BuiltBinary.run(["--help"])
        for name in HelpTests.names { #expect(outcome.output.contains("\n  \(name) ")) }
        #expect(outcome.output.contains("Exit status: 0 success"))
    }

    @Test func examplesParse() throws {
        let examples = [
            ["loadtest", "--preset", "megaload"],
            [
                "loadtest", "--requests", "50000", "--connections", "200", "--target", "http://127.0.0.1:8080", "-o",
                "json",
            ],
            ["migrate", "--postgres", "postgres://flash@db.example/flash"],
            ["migrate", "--dry-run", "--local"],
            ["rotate-hour", "--config", "/etc/flashctl/config.yaml"],
            ["rotate-hour", "--verbose", "--local"],
            [
                "seed-sale", "--name", "Desk lamp", "--image-url", "https://example.com/lamp.png", "--start",
                "next-hour",
            ],
            ["serve", "--local"],
            ["serve", "--no-rotate", "--event-loops", "2"],
            ["doctor", "--local"],
            ["inspect-user", "alice", "--sale", "all", "-o", "json"],
            ["inspect-user", "alice", "--watch=5"],
            ["explain", "4711", "--sale", "12"],
            ["explain", "-"],
            ["explain", "4711", "--as", "user", "--sale", "all", "--limit", "1000"],
            ["doctor", "-o", "json"],
            ["status", "--sale", "12", "-o", "json"],
            ["status", "--watch"],
            ["status", "--watch=10", "-o", "ndjson"],
            ["config", "show", "--origin", "--config", "sale.yaml", "--event-loops", "2"],
        ]
        for example in examples { _ = try Flashctl.parseAsRoot(example) }
    }
}
