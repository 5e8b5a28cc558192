import FlashSaleKit
import Foundation
import Testing

@Suite("Rules and dashboard use what a server exports")
struct ExportedMetricTests {
    /// The series of a scrape: the labels of each name.
    private static func series(_ text: String) -> [String: Set<String>] {
        var series: [String: Set<String>] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let name = String(line.prefix { $0 != "{" && $0 != " " })
            var labels = series[name] ?? []
            if line.dropFirst(name.count).first == "{" {
                let inside = line.dropFirst(name.count + 1).prefix { $0 != "}" }
                labels.formUnion(inside.split(separator: ",").map { String($0.prefix { $0 != "=" }) })
            }
            series[name] = labels
        }
        return series
    }

    @Test("every name and label in an expression is in a scrape of a server that sells")
    func exported() async throws {
        let exported = ExportedMetricTests.series(try await ScrapedServer.scrape())
        #expect(exported.count > 40)
        for (place, expressions) in [
            ("the rules", try DeployFiles.expressions()), ("the dashboard", try DashboardTests.dashboard().expressions),
        ] {
            let used = MetricNames(expressions)
            #expect(used.names.count > 15, "\(place)")
            #expect(used.names.subtracting(exported.keys) == [], "\(place)")
            for (name, labels) in used.labels {
                let known = (exported[name] ?? []).union(MetricNames.added)
                #expect(labels.subtracting(known) == [], "\(place): \(name)")
            }
        }
    }

    @Test("the checks, stores and streams that expressions name exist")
    func values() throws {
        let used = MetricNames(try DeployFiles.expressions() + DashboardTests.dashboard().expressions).values
        let recorded = try DeployFiles.expressions().flatMap { expression in
            expression.matches(of: /check[!=][~=]?"(?<names>[a-z_|]+)"/).flatMap { $0.names.split(separator: "|") }
        }
        #expect(recorded.count > 5)
        let checks = Set(GuardCheck.Name.allCases.map(\.rawValue))
        #expect(Set(recorded.map(String.init)).subtracting(checks) == [])
        #expect((used["store"] ?? []).subtracting(["redis", "postgres"]) == [])
        #expect((used["stream"] ?? []).subtracting(["ledger", "attempts"]) == [])
    }

    @Test("names, labels and values are read from expressions as Prometheus reads them")
    func reading() {
        let names = MetricNames([
            "sum by (job) (rate(flashctl_a_total{kind=~\"x|y\",job=\"flashctl_not\"}[1m])) / job:flashctl_b:rate1m",
            "process_open_fds > 1 unless on (job) flashctl_c",
        ])
        #expect(names.names == ["flashctl_a_total", "process_open_fds", "flashctl_c"])
        #expect(names.labels == ["flashctl_a_total": ["kind", "job"]])
        #expect(names.values["kind"] == ["x", "y"])
    }
}
