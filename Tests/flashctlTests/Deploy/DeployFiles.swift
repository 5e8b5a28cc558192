import Foundation
import Testing
import Yams

/// The files of `deploy/`, as the tests read them.
enum DeployFiles {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    static let prometheus = root.appending(path: "deploy/prometheus")
    static let rulesFile = "flashctl.rules.yml"
    static let unitTestsFile = "flashctl.rules.test.yml"

    /// One alert of the rules.
    struct Alert {
        let name: String
        let expression: String
        let labels: [String: String]
        let annotations: [String: String]
        /// How long it must hold; nil when the rule does not say.
        let wait: String?
    }

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// Everything in the rules, alerts and recordings.
    private static func rules() throws -> [Node] {
        let node = try #require(try Yams.compose(yaml: text("deploy/prometheus/\(rulesFile)")))
        return (node["groups"]?.array() ?? []).flatMap { $0["rules"]?.array() ?? [] }
    }

    static func alerts() throws -> [Alert] {
        try rules().compactMap { rule in
            guard let name = rule["alert"]?.string else { return nil }
            return Alert(
                name: name,
                expression: try #require(rule["expr"]?.string),
                labels: words(rule["labels"]),
                annotations: words(rule["annotations"]),
                wait: rule["for"]?.string
            )
        }
    }

    /// All expressions of the rules.
    static func expressions() throws -> [String] {
        try rules().map { try #require($0["expr"]?.string) }
    }

    /// Of each alert, how many unit tests expect it and how many expect that it is quiet.
    static func expectations() throws -> [String: (firing: Int, quiet: Int)] {
        let node = try #require(try Yams.compose(yaml: text("deploy/prometheus/\(unitTestsFile)")))
        var counts: [String: (firing: Int, quiet: Int)] = [:]
        for test in node["tests"]?.array() ?? [] {
            for check in test["alert_rule_test"]?.array() ?? [] {
                let name = try #require(check["alertname"]?.string)
                var count = counts[name] ?? (0, 0)
                if check["exp_alerts"]?.array().isEmpty == false { count.firing += 1 } else { count.quiet += 1 }
                counts[name] = count
            }
        }
        return counts
    }

    private static func words(_ node: Node?) -> [String: String] {
        var words: [String: String] = [:]
        for (key, value) in node?.mapping ?? [:] { words[key.string ?? ""] = value.string }
        return words
    }

    /// Runs `promtool` in a folder.
    static func promtool(_ arguments: String..., in folder: URL = prometheus) async throws -> BuiltBinary.Outcome {
        let script = "cd \"$0\" && exec /usr/bin/promtool \"$@\""
        return try await BuiltBinary.program(["/bin/bash", "-c", script, folder.path] + arguments)
    }

    /// Runs `body` with a folder of its own.
    static func withFolder<Value>(_ body: (URL) async throws -> Value) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(path: "flashctl-rules-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(folder)
    }
}
