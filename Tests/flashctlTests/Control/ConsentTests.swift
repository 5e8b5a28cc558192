import Foundation
import TestSupport
import Testing

@testable import flashctl

/// The question whether to go on, and those who do not want to.
@Suite(.serialized) struct ConsentTests {
    /// With the private stores SIGINT no longer ends the process: the question has to.
    @Test func keysThatSayNoEndTheQuestion() async throws {
        try await LocalFolder.with { folder in
            let terms = ["--name", "L", "--image-url", "https://example.com/l.png", "--duration", "2h"]
            let seeded = try await BuiltBinary.run(["seed-sale", "--local"] + terms, environment: folder.environment)
            #expect(seeded.status == 0, "\(seeded)")
            let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: "Terminal/consent.py").path
            for (key, status) in [("c", "130"), ("d", "2")] {
                let command = [BuiltBinary.path, "limit", "1", "--reason", "x", "--local"]
                let outcome = try await BuiltBinary.program(
                    ["/usr/bin/python3", script, key, status] + command,
                    environment: folder.environment
                )
                #expect(outcome.status == 0, "\(outcome.talk)")
            }
            let status = try await folder.run("status", "-o", "json")
            #expect(try json(status.output, "redis", "limit") as? Int == 10, "\(status)")
        }
    }

    /// The plan comes before the question, and before the sentence that nobody could be asked.
    @Test func thePlanIsShownFirst() async throws {
        try await CommandStack.with { stores in
            let sale = try await stores.seed("--limit", "5")
            let planned = "would be changed: the limit is 2 per user"
            let limit = ["2", "--reason", "x"]
            let alone = try await stores.run(LimitCommand.self, limit)
            #expect(alone.status == .usage)
            #expect(alone.talk.contains(planned), "\(alone)")
            let asked = try await stores.run(LimitCommand.self, limit, answers: ["no"])
            #expect(asked.status == .declined)
            let (plan, question) = (asked.talk.firstRange(of: planned), asked.talk.firstRange(of: "to go on: "))
            #expect(try #require(plan).lowerBound < #require(question).lowerBound, "\(asked)")
            let silent = try await stores.run(LimitCommand.self, limit, answers: [])
            #expect(silent.status == .declined)
            #expect(silent.talk.hasSuffix("to go on: \n"), "\(silent)")
            let other = [
                "--name", "Lamp", "--image-url", "https://example.com/lamp.png", "--duration", "3h", "--replace",
            ]
            let replace = try await stores.run(SeedSaleCommand.self, other + ["--stock", "6"])
            #expect(replace.status == .usage)
            #expect(replace.talk.contains("sale \(sale) would be withdrawn and replaced"), "\(replace)")
            #expect(try await stores.snapshot(sale)?.limit == 5)
        }
    }
}
