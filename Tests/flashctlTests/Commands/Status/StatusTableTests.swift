import FlashSaleKit
import Testing

@testable import flashctl

/// The tables of `status`, at several widths.
struct StatusTableTests {
    private func text(_ report: some Report, width: Int?, color: Bool = false) -> String {
        report.sections.map { $0.text(width: width, color: color) }.joined(separator: "\n")
    }

    @Test(arguments: [60, 80, 120])
    func theTableFitsAndIsAsRecorded(width: Int) throws {
        let text = try text(SampleSale.status(), width: width)
        #expect(text.split(separator: "\n").allSatisfy { DisplayWidth.of(String($0)) <= width })
        try Snapshot.expect(text, in: "Tests/Snapshots/tables/status-\(width).txt")
    }

    @Test func theWatchedTableFitsAnOldTerminal() throws {
        let text = try text(SampleSale.status(brief: true, blocks: true), width: 80)
        #expect(text.count { $0 == "\n" } <= 22)
        try Snapshot.expect(text, in: "Tests/Snapshots/tables/status-watch-80.txt")
    }

    @Test func coloursStandOut() throws {
        let text = try text(SampleSale.status(blocks: true), width: 80, color: true)
        #expect(text.contains("\u{1B}[31m12.3 s behind"))
        #expect(text.contains("\u{1B}[32m█"))
        #expect(text.contains("\u{1B}[33mpurchases are paused\u{1B}[0m\n"))
    }

    @Test func theLineHasEverythingThatMoves() throws {
        var report = try SampleSale.status()
        report.guards.checks = []
        try Snapshot.expect(try #require(report.line) + "\n", in: "Tests/Snapshots/tables/status-line.txt")
        report.pace = AttemptPace(outcomes: [:], entries: 0, seconds: 10, earlier: nil)
        #expect(report.line?.contains("attempts/s none in the last 10 s; no forecast: no attempt was made") == true)
    }

    @Test func theForecastHasAFormForEachEnd() throws {
        var report = try SampleSale.status()
        // 5 in a second, 5,188 left: 1,038 s of the 1,630 that are left.
        let data = report.data
        #expect(JSONText.line(data).contains("\"sold_out_at\":\"2026-11-27T14:50:07"), "\(JSONText.line(data))")
        report.pace?.earlier?.sold = 4782
        #expect(report.forecast == .leaves(sold: 5627, perSecond: 0.5))
        #expect(text(report, width: nil).contains("will have sold 5,627 of 10,000 at the close, at 0.50 sold/s"))
        report.pace = nil
        #expect(report.forecast == nil && JSONText.line(report.data).contains("\"forecast\":null"))
    }

    @Test func aHalfHasItsBarAndItsLine() throws {
        let whole = try SampleSale.status()
        var half = HalfStatusReport(guards: GuardReport(), at: whole.now)
        half.snapshot = whole.snapshot
        half.trouble = "a\u{1B}b"
        #expect(text(half, width: 60).contains("# 4,812 sold"))
        #expect(half.line?.contains("Redis and Postgres do not answer; free 4,797, held 391") == true)
        #expect(half.line?.contains("\u{1B}") == false)
    }

    @Test func localesTellWhatCanBeDrawn() {
        func shows(_ variables: [String: String]) -> Bool { CollectingSink().environment(variables).showsUTF8 }
        #expect(shows(["LANG": "en_GB.UTF-8"]) && shows(["LC_CTYPE": "C.utf8"]))
        #expect(!shows([:]) && !shows(["LANG": "C"]) && !shows(["LANG": "en_GB.UTF-8", "LC_ALL": "POSIX"]))
        #expect(shows(["LANG": "C.UTF-8", "LC_ALL": ""]))
    }
}
