import Foundation
import Testing

@testable import faultsuite

@Suite struct ResultsTests {
    private func report(_ fault: String, _ seed: Int, violations: [String] = []) -> FaultReport {
        var report = FaultReport(fault: fault, seed: seed)
        report.operations = 1200
        report.answered = 700
        (report.lostAttempts, report.lostRows) = (seed, seed + 1)
        report.window = 340
        report.recovery = 1250
        report.elapsed = 9000
        report.violations = violations
        return report
    }

    @Test func aReportIsALineAndBack() {
        #expect(FaultReport(line: report("flushall", 3).line) == report("flushall", 3))
        let bad = report("flushall", 4, violations: ["a\tcell\nand a line", "another"])
        let read = FaultReport(line: bad.line)
        #expect(read?.violations == ["a cell and a line", "see the log"])
        #expect(!bad.line.contains("\n"))
        #expect(FaultReport(line: String(bad.line.prefix(20))) == nil)
        #expect(FaultReport(line: "") == nil)
    }

    @Test func whatHasAResultIsNotRunAgain() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "faults-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = try ResultsFile(folder: folder, revision: "abc")
        #expect(file.read().isEmpty)
        try file.append(report("a", 1))
        try file.append(report("b", 2, violations: ["wrong"]))
        // Repeated and right this time.
        try file.append(report("b", 2))
        #expect(file.read() == [report("a", 1), report("b", 2)])
        #expect(try ResultsFile(folder: folder, revision: "other").read().isEmpty)
        let jobs = FaultPlan.jobs(faults: ["a", "b"], seeds: 1...2, done: file.read())
        #expect(jobs == [.init("b", 1), .init("a", 2)])
    }

    @Test func theTableSumsUpTheRunsOfEachFault() {
        let lines = FaultTable(reports: [report("b", 2, violations: ["x"]), report("a", 1), report("b", 9)]).lines
        let cells = lines.map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
        #expect(cells[2] == ["a", "1", "1200", "700", "0", "1", "2", "0.3", "1.3"])
        #expect(cells[3] == ["b", "2", "2400", "1400", "1", "9", "10", "0.3", "1.3"])
        #expect(Set(lines.map(\.count)).count == 1)
    }

    @Test func troubleTellsHowToSeeItAgain() {
        #expect(report("a", 1).trouble(".faults") == [])
        let lines = report("a", 1, violations: (1...7).map { "sentence \($0)" }).trouble(".faults")
        #expect(lines[0] == "VIOLATION of a with seed 1:")
        #expect(lines.contains("  and 2 more"))
        #expect(lines.suffix(2) == ["  logs and data: .faults/a-1", "  repeat it: make faults FAULTS=a SEED=1"])
    }
}
