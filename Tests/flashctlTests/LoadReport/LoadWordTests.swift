import Testing

@testable import flashctl

/// Names, numbers and verdicts, row by row.
@Suite struct LoadWordTests {
    /// What weighs more comes first.
    private static let order: [Status] = [
        .interrupted, .invariantViolated, .invalidLoadTest, .thresholdFailed, .failure,
    ]

    @Test(arguments: 0..<5, 0..<5) func theWeightierStatusStays(first: Int, second: Int) {
        var verdict = LoadVerdict()
        verdict.add(LoadWordTests.order[first], "first")
        verdict.add(LoadWordTests.order[second], "second")
        #expect(verdict.status == LoadWordTests.order[min(first, second)])
        #expect(verdict.reasons == (second < first ? ["second", "first"] : ["first", "second"]))
        #expect(verdict.text == verdict.reasons.joined(separator: "; "))
    }

    @Test(arguments: [
        (Status.success, "OK"),
        (.interrupted, "INTERRUPTED"),
        (.terminated, "INTERRUPTED"),
        (.invariantViolated, "PROMISE BROKEN"),
        (.invalidLoadTest, "INVALID"),
        (.thresholdFailed, "THRESHOLD FAILED"),
        (.failure, "FAILED"),
    ])
    func everyStatusHasItsWord(status: Status, word: String) {
        var verdict = LoadVerdict()
        if status != .success { verdict.add(status, "because") }
        #expect(verdict.word == word && verdict.status == status)
        #expect((verdict.style == .green) == (status == .success))
    }

    @Test func everyMetricOfARecordIsReadBack() throws {
        let record = try SampleLoad.everything(seconds: 8)
        let metrics = record.metrics
        #expect(metrics.count > 100)
        for (metric, value) in metrics {
            #expect(try LoadMetric(parsing: metric.description) == metric)
            #expect(metric.value(in: record.figures) == value && value.isFinite)
        }
        #expect(Set(metrics.map(\.metric.description)).count == metrics.count)
    }

    @Test(arguments: [
        ("17", 17.0, LoadMetric.Unit.number),
        ("0.5", 0.5, .number),
        ("12%", 12, .percent),
        ("0.1 %", 0.1, .percent),
        ("2000/s", 2000, .perSecond),
        ("5ns", 5, .nanoseconds),
        ("5us", 5000, .nanoseconds),
        ("5µs", 5000, .nanoseconds),
        ("5ms", 5_000_000, .nanoseconds),
        ("1.5s", 1_500_000_000, .nanoseconds),
    ])
    func valuesAreRead(text: String, value: Double, unit: LoadMetric.Unit) throws {
        let read = try #require(LoadValueText.read(text))
        #expect(read.value == value && read.unit == unit)
    }

    @Test(arguments: ["", "ms", "-1", "1 h", "1e3x", "%", ".5", "1..2", "5 m s", "٣"])
    func otherValuesAreNone(text: String) {
        #expect(LoadValueText.read(text) == nil)
    }

    @Test(arguments: [
        (0.0, "0"), (3, "3"), (1234, "1,234"), (1234.4, "1,234"), (123.4, "123"), (12.34, "12.3"), (1.234, "1.23"),
        (0.12, "0.12"), (0.0123, "0.0123"),
    ])
    func numbersHaveTheDigitsThatMeanSomething(value: Double, text: String) {
        #expect(LoadValueText.number(value) == text)
    }

    @Test(arguments: [
        (LoadThreshold.Comparison.above, [false, false, true]),
        (.atLeast, [false, true, true]),
        (.below, [true, false, false]),
        (.atMost, [true, true, false]),
        (.equal, [false, true, false]),
        (.unequal, [true, false, true]),
    ])
    func comparisonsHoldAsTheyAreWritten(comparison: LoadThreshold.Comparison, wanted: [Bool]) throws {
        #expect([4.0, 5, 6].map { comparison.holds($0, 5) } == wanted)
        let threshold = try LoadThreshold(parsing: "held.count \(comparison.rawValue) 5", option: "--fail-if")
        for (count, isTrue) in zip([4, 5, 6] as [UInt64], wanted) {
            var figures = LoadFigures()
            figures.outcomes[.held] = .init(count: count)
            figures.completed = count
            #expect(threshold.holds(for: figures) == isTrue)
            #expect(threshold.result(for: figures).isFailure == isTrue)
        }
    }

    @Test(arguments: [
        ("localhost", true), ("LOCALHOST", true), ("127.0.0.1", true), ("127.9.8.7", true), ("::1", true),
        ("128.0.0.1", false), ("127.0.0.1.example", false), ("127.0.0", false), ("127.0.0.256", false),
        ("localhost.example", false), ("shop", false), ("::2", false), ("127", false),
    ])
    func thisMachineIsKnownByItsNames(host: String, isLoopback: Bool) throws {
        let target = LoadTarget(host: host, port: 80)
        #expect(target.isLoopback == isLoopback)
        if isLoopback {
            try LoadConsent.check(target, isTest: true, meant: nil)
        } else {
            let failure = #expect(throws: CommandFailure.self) {
                try LoadConsent.check(target, isTest: true, meant: nil)
            }
            #expect(failure?.nextStep?.contains("--yes-i-mean \(host)") == true)
        }
        try LoadConsent.check(target, isTest: false, meant: host)
        #expect(throws: CommandFailure.self) { try LoadConsent.check(target, isTest: true, meant: host + "x") }
    }

    @Test(arguments: [
        (1000, "1024\t65535", true), (64_256, "1024 65535", true), (64_257, "1024 65535", false),
        (2000, "32768 32999", false), (60_000, "nonsense", true), (60_000, "", true), (60_000, "9 1", true),
    ])
    func portsAreCountedBeforeTheLoad(connections: Int, range: String, fits: Bool) {
        var failure: CommandFailure?
        do throws(CommandFailure) { try ConnectionPorts.check(connections, range: range) } catch { failure = error }
        #expect((failure == nil) == fits)
        if let failure { #expect(failure.message.hasPrefix("\(connections) connections need as many local ports")) }
    }

    @Test(arguments: [
        (0.0, "0:00"), (7.4, "0:07"), (59.6, "1:00"), (754, "12:34"), (3723, "1:02:03"), (-5, "0:00"),
    ])
    func timesAreThoseOfAClock(seconds: Double, text: String) {
        #expect(LoadOutlook.clock(seconds) == text)
    }
}
