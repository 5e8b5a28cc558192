import ArgumentParser
import Foundation
import Testing

@testable import flashctl

@Suite("The alert rules")
struct AlertRuleTests {
    @Test("promtool takes the rules and the example of a scrape configuration")
    func syntax() async throws {
        let rules = try await DeployFiles.promtool("check", "rules", DeployFiles.rulesFile)
        #expect(rules.status == 0, "\(rules.output)\(rules.talk)")
        #expect(rules.output.contains("SUCCESS"))
        let configuration = try await DeployFiles.promtool("check", "config", "prometheus.yml")
        #expect(configuration.status == 0, "\(configuration.output)\(configuration.talk)")
        #expect(configuration.output.contains("1 rule files found"))
    }

    @Test("the unit tests of promtool hold")
    func unitTests() async throws {
        let outcome = try await DeployFiles.promtool("test", "rules", DeployFiles.unitTestsFile)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.talk)")
        #expect(outcome.output.contains("SUCCESS"))
    }

    @Test(
        "a rule that is changed by mistake fails a unit test",
        arguments: [
            ("ratio_rate30s > 0.01", "ratio_rate30s > 0.5"), ("p99_30s > 0.5", "p99_30s > 5"),
            ("== 0 or absent(", "== 1 or absent("), ("for: 30s", "for: 10m"), ("(flashctl_dead_letters) > 0", "> 5"),
            ("unless on (job) job_store:flashctl_store_down:count\n", "\n"), ("severity: page", "severity: ticket"),
            ("limit\"}) > 0)", "limit\"}) > 5000)"), ("- time() < 600", "- time() < 6000"),
        ]
    )
    func mutants(_ text: String, _ changed: String) async throws {
        let rules = try DeployFiles.text("deploy/prometheus/\(DeployFiles.rulesFile)")
        try #require(rules.contains(text))
        let replacement = changed == "> 5" ? "(flashctl_dead_letters) > 5" : changed
        try await DeployFiles.withFolder { folder in
            try rules.replacing(text, with: replacement).write(
                to: folder.appending(path: DeployFiles.rulesFile),
                atomically: true,
                encoding: .utf8
            )
            try FileManager.default.copyItem(
                at: DeployFiles.prometheus.appending(path: DeployFiles.unitTestsFile),
                to: folder.appending(path: DeployFiles.unitTestsFile)
            )
            let outcome = try await DeployFiles.promtool("test", "rules", DeployFiles.unitTestsFile, in: folder)
            #expect(outcome.status != 0)
            #expect((outcome.output + outcome.talk).contains("FAILED"))
        }
    }

    @Test("each alert has a unit test in which it fires, and two in which it is quiet")
    func coverage() throws {
        let expectations = try DeployFiles.expectations()
        let alerts = try DeployFiles.alerts()
        #expect(alerts.count > 15)
        #expect(Set(alerts.map(\.name)).count == alerts.count)
        for alert in alerts {
            let counts = expectations[alert.name] ?? (0, 0)
            #expect(counts.firing >= 1 && counts.quiet >= 2, "\(alert.name): \(counts)")
        }
    }

    @Test("each alert says how bad it is, what was found, the next command and where it is explained")
    func annotations() throws {
        for alert in try DeployFiles.alerts() {
            #expect(["page", "ticket"].contains(alert.labels["severity"]), "\(alert.name)")
            #expect(alert.wait != nil, "\(alert.name)")
            let summary = try #require(alert.annotations["summary"])
            let description = try #require(alert.annotations["description"])
            let shown = summary.replacing(/\{\{[^}]*\}\}/, with: "127.0.0.1:9464")
            #expect(shown.count < 90, "\(alert.name): a pager shows one line")
            let command = try #require(alert.annotations["command"])
            #expect(description.hasSuffix("Next: `\(command)`."), "\(alert.name)")
            #expect(Set(alert.annotations.keys) == ["summary", "description", "command", "runbook"], "\(alert.name)")
        }
    }

    @Test("the next command is one that flashctl takes")
    func commands() throws {
        for alert in try DeployFiles.alerts() {
            let words = try #require(alert.annotations["command"]).split(separator: " ").map(String.init)
            #expect(words.first == "flashctl")
            #expect(throws: Never.self, "\(words)") { _ = try Flashctl.parseAsRoot(Array(words.dropFirst())) }
        }
        #expect(throws: (any Error).self) { _ = try Flashctl.parseAsRoot(["doctor", "--no-such-option"]) }
    }

    @Test("the runbook has the section that an alert points to")
    func runbooks() throws {
        for alert in try DeployFiles.alerts() {
            let parts = try #require(alert.annotations["runbook"]).split(separator: "#").map(String.init)
            try #require(parts.count == 2, "\(alert.name)")
            #expect(["docs/OPERATIONS.md", "docs/RELIABILITY.md"].contains(parts[0]))
            #expect(try AlertRuleTests.anchors(of: parts[0]).contains(parts[1]), "\(alert.name): \(parts)")
        }
    }

    /// The anchors of the headings of a page, as forges make them.
    private static func anchors(of path: String) throws -> [String] {
        try DeployFiles.text(path).split(separator: "\n").filter { $0.hasPrefix("#") }.map { line in
            let title = line.drop { $0 == "#" || $0 == " " }.lowercased()
            return title.filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" }.replacing(" ", with: "-")
        }
    }

    @Test("docs/ALERTS.md has each alert as the rules have it, and no other")
    func page() throws {
        let rows = try DeployFiles.text("docs/ALERTS.md").split(separator: "\n").filter { $0.hasPrefix("| `Flashctl") }
        var listed: [String: [String]] = [:]
        for row in rows {
            let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            listed[cells[0].filter { $0 != "`" }] = cells
        }
        let alerts = try DeployFiles.alerts()
        #expect(Set(listed.keys) == Set(alerts.map(\.name)))
        for alert in alerts {
            let cells = try #require(listed[alert.name])
            #expect(cells[1] == (alert.labels["severity"] == "page" ? "yes" : "no"), "\(alert.name)")
            #expect(cells[2] == alert.wait, "\(alert.name)")
            #expect(cells[4] == "`\(alert.annotations["command"] ?? "")`", "\(alert.name)")
        }
    }
}
