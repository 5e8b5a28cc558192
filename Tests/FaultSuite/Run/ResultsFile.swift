import Foundation

/// The results of one revision, a line for each fault and seed: a run that was interrupted goes on where it was.
struct ResultsFile: Sendable {
    let path: String

    init(folder: String, revision: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        path = "\(folder)/\(revision).tsv"
    }

    /// What is there; of two results for the same run the later one counts.
    func read() -> [FaultReport] {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
        var last: [String: FaultReport] = [:]
        for line in text.split(separator: "\n") {
            guard let report = FaultReport(line: String(line)) else { continue }
            last["\(report.fault) \(report.seed)"] = report
        }
        return last.values.sorted { ($0.fault, $0.seed) < ($1.fault, $1.seed) }
    }

    func append(_ report: FaultReport) throws {
        if !FileManager.default.fileExists(atPath: path) {
            try Data().write(to: URL(filePath: path))
        }
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data((report.line + "\n").utf8))
        try handle.close()
    }
}

/// The table at the end: one line for each fault.
struct FaultTable: Sendable {
    let reports: [FaultReport]

    var lines: [String] {
        let head = [
            "fault", "runs", "operations", "answered decisions", "violations", "lost attempts (max)",
            "lost ledger rows (max)", "window (max s)", "time to recover (max s)",
        ]
        let groups = Dictionary(grouping: reports, by: \.fault).sorted { $0.key < $1.key }
        let rows = groups.map { name, runs in
            [
                name, "\(runs.count)", "\(runs.reduce(0) { $0 + $1.operations })",
                "\(runs.reduce(0) { $0 + $1.answered })", "\(runs.reduce(0) { $0 + $1.violations.count })",
                "\(runs.map(\.lostAttempts).max() ?? 0)", "\(runs.map(\.lostRows).max() ?? 0)",
                FaultTable.seconds(runs.map(\.window).max()),
                FaultTable.seconds(runs.map(\.recovery).max()),
            ]
        }
        return FaultTable.markdown([head] + rows)
    }

    /// A Markdown table with aligned columns; the first row is the head.
    static func markdown(_ rows: [[String]]) -> [String] {
        guard let head = rows.first else { return [] }
        let widths = head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            let padded = zip(cells, widths).enumerated().map { index, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return index == 0 ? cell.0 + space : space + cell.0
            }
            return "| " + padded.joined(separator: " | ") + " |"
        }
        let rule = widths.enumerated().map { index, width in
            index == 0 ? String(repeating: "-", count: width) : String(repeating: "-", count: width - 1) + ":"
        }
        return [line(head), line(rule)] + rows.dropFirst().map(line)
    }

    private static func seconds(_ milliseconds: Int?) -> String {
        let tenths = ((milliseconds ?? 0) + 50) / 100
        return "\(tenths / 10).\(tenths % 10)"
    }
}
