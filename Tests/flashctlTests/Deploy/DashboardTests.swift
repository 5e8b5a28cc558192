import Foundation
import Testing

@Suite("The Grafana dashboard")
struct DashboardTests {
    static func dashboard() throws -> Dashboard { try Dashboard(DeployFiles.text("deploy/grafana/flashctl.json")) }

    @Test("ids are unique, panels have their own place, and each asks the chosen data source")
    func structure() throws {
        let dashboard = try DashboardTests.dashboard()
        #expect(dashboard.faults == [])
        #expect(dashboard.panels.count > 20)
        #expect(dashboard.variables.compactMap { $0["name"] as? String } == ["DS_PROMETHEUS", "job", "instance"])
    }

    @Test("promtool parses each expression")
    func expressions() async throws {
        let expressions = try DashboardTests.dashboard().expressions
        #expect(expressions.count > 30)
        let outcome = try await DashboardTests.check(expressions)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.talk)")
        #expect(outcome.output.contains("\(expressions.count) rules found"))
        #expect(try await DashboardTests.check(["sum by (job (up)"]).status != 0)
    }

    /// Has promtool parse expressions, as recordings of a file of rules.
    private static func check(_ expressions: [String]) async throws -> BuiltBinary.Outcome {
        try await DeployFiles.withFolder { folder in
            let rules = expressions.enumerated().map { index, expression in
                "      - record: expression:number_\(index)\n        expr: |-\n          \(expression)\n"
            }
            let text = "groups:\n  - name: dashboard\n    rules:\n\(rules.joined())"
            try text.write(to: folder.appending(path: "rules.yml"), atomically: true, encoding: .utf8)
            return try await DeployFiles.promtool("check", "rules", "rules.yml", in: folder)
        }
    }

    @Test("faults of a dashboard are found")
    func faults() throws {
        func panel(_ id: Int, x: Int, source: String = "${DS_PROMETHEUS}") -> String {
            let data = "{\"type\":\"prometheus\",\"uid\":\"\(source)\"}"
            return """
                {"id":\(id),"title":"p\(id) at \(x)","description":"d","type":"stat","datasource":\(data),
                "gridPos":{"x":\(x),"y":0,"w":12,"h":4},"targets":[{"refId":"A","expr":"up","datasource":\(data)}]}
                """
        }
        func faults(_ panels: String...) throws -> [String] {
            try Dashboard(
                """
                {"id":null,"uid":"u","title":"t","schemaVersion":39,"time":{},"refresh":"5s",
                "templating":{"list":[{"name":"DS_PROMETHEUS","type":"datasource","query":"prometheus"}]},
                "panels":[\(panels.joined(separator: ","))]}
                """
            ).faults
        }
        #expect(try faults(panel(1, x: 0), panel(2, x: 12)) == [])
        #expect(try faults(panel(1, x: 0), panel(1, x: 12)) == ["two panels have the same id"])
        #expect(try faults(panel(1, x: 0), panel(2, x: 11)) == ["p2 at 11 covers p1 at 0"])
        #expect(try faults(panel(1, x: 13)) == ["p1 at 13 has no place in the grid"])
        #expect(try faults(panel(1, x: 0, source: "mine")).count == 2)
        #expect(try Dashboard("{}").faults.count >= 6)
    }
}
