import Testing

@testable import flashctl

/// What the help of the commands that change sales promises.
@Suite(.serialized) struct ControlHelpTests {
    @Test(arguments: ["pause", "resume", "ban", "unban", "limit", "seed-sale", "rotate-hour"])
    func itHasExamplesStatusesAndTheCommonOptions(name: String) async throws {
        let outcome = try await BuiltBinary.run(["help", name])
        #expect(outcome.status == 0)
        for part in ["Examples:", "Exit status: 0", "--dry-run", "--local", "--redis", "-o, --output"] {
            #expect(outcome.output.contains(part), "\(part)")
        }
        #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
        if !["seed-sale", "rotate-hour"].contains(name) { #expect(outcome.output.contains("--reason <reason>")) }
    }

    @Test func examplesParse() throws {
        let examples = [
            ["pause", "--reason", "wrong price on the banner"],
            ["pause", "all", "--sale", "all", "--reason", "incident 4711", "-o", "json"],
            ["pause", "purchase", "--sale", "12", "--reason", "payment is down", "--dry-run"],
            ["resume", "all", "--sale", "all", "--reason", "incident 4711 is over"],
            ["ban", "bot-17", "--sale", "all", "--reason", "ticket 4711"],
            ["unban", "alice", "--sale", "12", "--reason", "ticket 4712", "-o", "json"],
            ["limit", "2", "--reason", "resellers", "--sale", "12", "--confirm=12"],
            ["rotate-hour", "--dry-run", "-o", "json"],
            [
                "seed-sale", "--name", "Lamp", "--image-url", "https://example.com/l.png", "--at",
                "2026-12-24T18:00:00+01:00", "--stock", "600", "--replace", "--dry-run",
            ],
        ]
        for example in examples { #expect(throws: Never.self, "\(example)") { try Flashctl.parseAsRoot(example) } }
        let pause = try #require(try Flashctl.parseAsRoot(["pause", "--reason", "x"]) as? PauseCommand)
        #expect(pause.part == .checkout && pause.controlOptions.sale == .current && !pause.controlOptions.dryRun)
    }
}
