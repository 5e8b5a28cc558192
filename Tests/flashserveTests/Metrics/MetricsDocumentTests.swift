import Foundation
import Testing

@testable import flashserve

/// `docs/METRICS.md` and the exporter say the same.
@Suite(.serialized) struct MetricsDocumentTests {
    private struct Row {
        let name, type: String
        let labels: Set<String>
    }

    /// Words in backticks, or in front of a colon.
    private func rows() throws -> [Row] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        let text = try String(contentsOf: root.appending(path: "docs/METRICS.md"), encoding: .utf8)
        return text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            let labels = cells[3].split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset % 2 == 1 }.map { String($0.element) }
            return Row(name: cells[1].trimmingCharacters(in: ["`"]), type: cells[2], labels: Set(labels))
        }
    }

    @Test("every family of a scrape stands in the table with its type and its labels, and no other does")
    func table() async throws {
        try await MeasuredServer.with { measured in
            let client = try await measured.server.connect()
            #expect(try await client.checkout("a").status == 201)
            let scrape = try await measured.fullScrape()
            let rows = try self.rows()
            #expect(rows.count == Set(rows.map(\.name)).count)
            #expect(Set(rows.map(\.name)) == scrape.families)
            for row in rows {
                #expect(scrape.text.contains("# TYPE \(row.name) \(row.type)\n"), "\(row.name)")
                let exact = scrape.series.filter { $0.prefix { $0 != "{" } == row.name }
                let counts = scrape.series.filter { $0.prefix { $0 != "{" } == "\(row.name)_count" }
                for series in row.type == "histogram" ? counts : exact {
                    let labels = series.split { "{,}".contains($0) }.dropFirst().map { $0.prefix { $0 != "=" } }
                    #expect(Set(labels.map(String.init)) == row.labels, "\(series)")
                }
            }
        }
    }
}
