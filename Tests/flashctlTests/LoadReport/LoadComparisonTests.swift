import Foundation
import Testing

@testable import flashctl

/// `--compare`: a run beside an earlier one.
@Suite struct LoadComparisonTests {
    private func record(held: Int = 60, errors: Int = 0, microseconds: Int = 1000) -> LoadRecord {
        let seconds = (0..<5).map {
            SampleLoad.second($0, held: held, errors: errors, microseconds: microseconds)
        }
        return SampleLoad.record(seconds)
    }

    private func baseline(_ record: LoadRecord) throws -> LoadBaseline {
        try LoadBaseline(Data(JSONText.pretty(record.data).utf8), path: "base.json")
    }

    private func compared(
        _ now: LoadRecord,
        _ before: LoadRecord,
        _ tolerances: [String]
    ) throws -> LoadComparison {
        LoadComparison(
            now,
            with: try baseline(before),
            tolerances: try tolerances.map { try LoadTolerance(parsing: $0) }
        )
    }

    private func fault(_ text: String) -> CommandFailure? {
        do {
            _ = try LoadBaseline(Data(text.utf8), path: "x.json")
            return nil
        } catch { return error }
    }

    @Test func whatWasWrittenIsReadBack() throws {
        let record = try SampleLoad.everything(seconds: 20)
        let baseline = try baseline(record)
        #expect(baseline.metrics.count == record.metrics.count)
        for (metric, value) in record.metrics {
            let read = try #require(baseline.metrics[metric.description], "\(metric)")
            #expect(abs(read - value) <= max(1, value.magnitude * 1e-9), "\(metric)")
        }
        #expect(baseline.title == "k6" && baseline.startedAt == "2025-11-22T10:00:00.000Z")
        #expect(baseline.circumstances == record.circumstances)
        let comparison = LoadComparison(record, with: baseline, tolerances: LoadTolerance.usual)
        #expect(comparison.regressions.isEmpty && comparison.differences.isEmpty && comparison.reasons.isEmpty)
    }

    @Test func slowerThanToleratedIsARegression() throws {
        let before = record()
        #expect(try compared(record(microseconds: 1080), before, ["p99=10%"]).regressions.isEmpty)
        let slow = try compared(record(microseconds: 1200), before, ["p99=10%"])
        #expect(slow.regressions.map(\.metric.description) == ["checkout.p99"])
        #expect(slow.reasons == ["checkout.p99 was 2.00 ms and is 2.40 ms, worse by more than 10 %"])
        // Faster is never worse.
        #expect(try compared(record(microseconds: 100), before, ["p99=10%", "rate=10%"]).regressions.isEmpty)
    }

    @Test func fewerPerSecondIsARegressionAndFewerErrorsAreNot() throws {
        let before = record(held: 100, errors: 5)
        let fewer = try compared(record(held: 40), before, ["held.rate=5%", "errors.share=0%", "refusals.rate=5%"])
        #expect(fewer.regressions.map(\.metric.description) == ["held.rate"])
        let worse = try compared(record(held: 100, errors: 9), before, ["errors.share=0%", "5xx.count=50%"])
        #expect(worse.regressions.map(\.metric.description) == ["5xx.count", "errors.share"])
        let first = try compared(record(errors: 1), record(), ["errors.share=50%"])
        #expect(first.regressions.count == 1, "any error is more than none")
    }

    @Test func aMetricThatVanishedHasNotBecomeBetter() throws {
        var bought = SampleLoad.second(0)
        bought.outcomes[.purchased] = 5
        bought.latencies[.purchased] = SampleLoad.histogram(microseconds: [900, 900, 900, 900, 900])
        let gone = try compared(record(), SampleLoad.record([bought]), ["p99=10%"])
        #expect(gone.reasons == ["purchase.p99 was 900 µs and is no longer measured"])
        let new = try compared(SampleLoad.record([bought]), record(), ["p99=10%"])
        #expect(new.regressions.isEmpty)
    }

    @Test func whatIsSaidOfOneMetricWeighsMore() throws {
        let slow = try compared(record(microseconds: 1200), record(), ["checkout.p99=50%", "p99=10%"])
        #expect(slow.regressions.isEmpty)
        #expect(slow.rows.first?.tolerance == 50)
    }

    @Test func otherCircumstancesAreTold() throws {
        var other = record()
        other.plan[1] = .init("connections", "400")
        other.provenance.cores = 64
        other.provenance.stores[0].settings[1] = .init("appendfsync", "always")
        let comparison = try compared(other, record(), [])
        #expect(
            comparison.differences.map { "\($0.name) \($0.before) \($0.now)" } == [
                "appendfsync everysec always", "connections 200 400", "cores 2 64",
            ]
        )
        let text = comparison.sections.map { $0.text(width: nil, color: false) }.joined(separator: "\n")
        #expect(text.contains("not the same in both runs\nwhat         before    now"))
    }

    @Test func theTableReadsWell() throws {
        let text = try compared(record(microseconds: 1200), record(), ["p99=10%"]).sections[0]
            .text(width: nil, color: false)
        #expect(text.hasPrefix("compared with base.json, started 2025-11-22T10:00:00.000Z\n"))
        #expect(text.contains("checkout.p99    2.00 ms  2.40 ms  +20.0 %       10 %  worse"))
        #expect(text.contains("held.rate          60/s     60/s   +0.0 %          -"))
    }

    @Test func tolerancesAreRead() throws {
        #expect(try LoadTolerance(parsing: "p99=10%").metrics.map(\.description) == ["checkout.p99", "purchase.p99"])
        #expect(try LoadTolerance(parsing: "held.rate=2.5%").metrics.map(\.description) == ["held.rate"])
        for (text, words) in [
            ("p99", "column 4: the percent are missing"), ("p99=10", "`10` is no share"),
            ("p99=ten%", "`ten%` is no share"),
            ("q99=10%", "column 1: there is no metric `q99`"), ("chekout.p99=1%", "did you mean `checkout.p99`?"),
            ("=1%", "column 1: a metric is missing"),
        ] {
            do {
                _ = try LoadTolerance(parsing: text)
                Issue.record("\(text) was read")
            } catch {
                #expect("\(error.message); \(error.nextStep ?? "")".contains(words), "\(error.message)")
                #expect(error.status == .usage)
            }
        }
    }

    @Test func aForeignFileIsRefused() throws {
        for (text, why) in [
            ("", "it is no JSON object"), ("[1]", "it is no JSON object"), ("{\"a\":1}", "no \"kind\": \"loadtest\""),
            ("{\"kind\":\"loadtest\",\"schema_version\":99}", "it has schema version 99, this flashctl reads 1"),
            ("{\"kind\":\"loadtest\",\"schema_version\":1}", "it has no metrics"),
        ] {
            let failure = try #require(fault(text))
            #expect(failure.status == .badInput && failure.message.contains(why), "\(failure.message)")
            #expect(failure.nextStep == "give a file that `flashctl loadtest -o json` wrote")
        }
    }

    @Test func aMissingFileIsNamed() async throws {
        try await withFolder { folder in
            for (path, why) in [(folder + "/none.json", "there is no such file"), (folder, "it is a folder")] {
                do throws(CommandFailure) {
                    _ = try LoadBaseline(contentsOf: path)
                    Issue.record("\(path) was read")
                } catch {
                    #expect(error.status == .badInput && error.message == "cannot read --compare \(path): \(why)")
                }
            }
            try write(JSONText.line(record().data), to: folder + "/base.json")
            #expect(try LoadBaseline(contentsOf: folder + "/base.json").metrics["held.count"] == 300)
        }
    }
}
