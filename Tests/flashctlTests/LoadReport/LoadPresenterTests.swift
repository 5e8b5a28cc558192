import ArgumentParser
import FlashSaleKit
import Foundation
import TestSupport
import Testing

@testable import flashctl

/// The options, and everything behind them together.
@Suite struct LoadPresenterTests {
    private func fault(_ words: String...) -> String {
        do {
            _ = try LoadReportOptions.parse(words)
            return "none"
        } catch {
            #expect(LoadReportOptions.exitCode(for: error) == .validationFailure)
            return LoadReportOptions.message(for: error)
        }
    }

    @Test func wrongExpressionsAreWrongUsage() {
        #expect(fault("--fail-if", "checkout.p99>20ms", "--fail-if", "5xx.rate>0.1%") == "none")
        #expect(fault("--fail-if", "chekout.p99>20ms").contains("column 1: there is no metric `chekout`; did you mean"))
        #expect(fault("--compare", "a.json", "--tolerance", "p99").contains("column 4: the percent are missing"))
        #expect(fault("--tolerance", "p99=1%").contains("--tolerance needs --compare"))
        #expect(fault("--abort-on-fail").contains("--abort-on-fail needs at least one --fail-if"))
        #expect(fault("--report", "").contains("--report needs the name of a file"))
    }

    @Test func whatOnlyVerificationMeasuresNeedsIt() throws {
        let options = try LoadReportOptions.parse(["--fail-if", "errors>0", "--fail-if", "oversold>0"])
        try options.check(verifies: true)
        let failure = #expect(throws: CommandFailure.self) { try options.check(verifies: false) }
        #expect(failure?.status == .usage && failure?.nextStep == "add --verify")
        try LoadReportOptions.parse([]).check(verifies: false)
    }

    private func presenter(_ words: [String], _ collected: CollectingSink, format: String = "table") throws
        -> LoadPresenter
    {
        try LoadPresenter(
            try LoadReportOptions.parse(words),
            try LoadOutputOptions.parse(["-o", format]),
            LoadOutlook(title: "k6", target: "http://127.0.0.1:8080", model: .open, seconds: 5),
            startedAt: SampleLoad.provenance.startedAt,
            in: collected.environment()
        )
    }

    private func record(_ presenter: LoadPresenter) -> LoadRecord {
        LoadRecord(
            title: "k6",
            target: "http://127.0.0.1:8080",
            model: .open,
            SampleLoad.provenance,
            presenter.timeline
        )
    }

    @Test func aRunLeavesAllItsReports() async throws {
        try await withFolder { folder in
            let base = folder + "/base.json"
            let first = CollectingSink()
            let before = try presenter([], first, format: "json")
            for second in 0..<5 { #expect(before.take(SampleLoad.second(second)).isEmpty) }
            #expect(try before.finish(record(before)) == .success)
            try write(first.data, to: base)

            let collected = CollectingSink()
            let words = [
                "--compare", base, "--tolerance", "p99=10%", "--fail-if", "errors>0", "--report", folder + "/r.html",
                "--hdr-log", folder + "/r.hlog",
            ]
            let now = try presenter(words, collected)
            for second in 0..<5 { _ = now.take(SampleLoad.second(second, microseconds: 2000)) }
            #expect(try now.finish(record(now)) == .thresholdFailed)
            #expect(collected.data.contains("checkout.p99    2.00 ms  4.00 ms  +100.0 %       10 %  worse"))
            #expect(collected.data.contains("THRESHOLD FAILED  checkout.p99 was 2.00 ms and is 4.00 ms"))
            #expect(collected.talk.split(separator: "\n").count == 6, "a line a second, and the page")
            let page = try String(contentsOfFile: folder + "/r.html", encoding: .utf8)
            #expect(page.hasSuffix("</html>\n") && page.contains("THRESHOLD FAILED"))
            let log = try String(contentsOfFile: folder + "/r.hlog", encoding: .utf8)
            #expect(log.split(separator: "\n").filter { $0.hasPrefix("Tag=held,") }.count == 5)
        }
    }

    @Test func aCrossedThresholdStopsTheRun() throws {
        let collected = CollectingSink()
        let presenter = try presenter(["--fail-if", "5xx.count>2", "--abort-on-fail"], collected)
        #expect(presenter.take(SampleLoad.second(0, errors: 2)).isEmpty)
        #expect(presenter.take(SampleLoad.second(1, errors: 2)).map(\.threshold.text) == ["5xx.count>2"])
        #expect(try presenter.finish(record(presenter)) == .thresholdFailed)
        // Without the flag it is judged at the end only.
        let patient = try self.presenter(["--fail-if", "5xx.count>2"], CollectingSink())
        #expect(patient.take(SampleLoad.second(0, errors: 5)).isEmpty)
    }

    @Test func filesThatCannotBeWrittenAreToldBeforeTheLoad() {
        for option in ["--report", "--hdr-log"] {
            let failure = #expect(throws: CommandFailure.self) {
                _ = try presenter([option, "/nonexistent/file"], CollectingSink())
            }
            #expect(failure?.message == "cannot write \(option) /nonexistent/file: No such file or directory")
        }
        let failure = #expect(throws: CommandFailure.self) {
            _ = try presenter(["--compare", "/nonexistent/base.json"], CollectingSink())
        }
        #expect(failure?.status == .badInput)
    }

    @Test func aFullDiskIsFoundBeforeTheLoad() {
        let failure = #expect(throws: CommandFailure.self) {
            _ = try presenter(["--hdr-log", "/dev/full"], CollectingSink())
        }
        #expect(failure?.status == .failure && failure?.message.hasPrefix("cannot write --hdr-log /dev/full: ") == true)
    }

    @Test func whereTheResultIsForProgramsTheVerdictIsTold() throws {
        let collected = CollectingSink()
        let presenter = try presenter(["--fail-if", "held.count<1000"], collected, format: "csv")
        _ = presenter.take(SampleLoad.second(0))
        #expect(try presenter.finish(record(presenter)) == .thresholdFailed)
        #expect(collected.talk.hasSuffix("THRESHOLD FAILED: `held.count<1000`: it is 60\n"))
        #expect(collected.data.hasPrefix("start_s,"))
    }
}
