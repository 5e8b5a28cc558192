import Testing

@testable import flashctl

/// Expressions of `--fail-if` and `--find-max`.
@Suite struct LoadThresholdTests {
    private func threshold(_ text: String) throws -> LoadThreshold {
        try LoadThreshold(parsing: text, option: "--fail-if")
    }

    /// What is said about a wrong expression.
    private func fault(_ text: String) -> String {
        do {
            _ = try LoadThreshold(parsing: text, option: "--fail-if")
            return "none"
        } catch {
            #expect(error.status == .usage)
            return "\(error.message); \(error.nextStep ?? "")"
        }
    }

    @Test func limitsAreReadWithTheirUnits() throws {
        #expect(try threshold("checkout.p99>20ms").limit == 20e6)
        #expect(try threshold("purchase.max > 1s").limit == 1e9)
        #expect(try threshold("held.p50>=850us").limit == 850e3)
        #expect(try threshold("  5xx.rate  >0.1% ").limit == 0.1)
        #expect(try threshold("oversold>0").limit == 0)
        #expect(try threshold("held.rate<100/s").limit == 100)
        #expect(try threshold("achieved.rate<99%").metric == LoadMetric(.achieved, .share))
        #expect(try threshold("all.p99.9<1.5 s").metric.measure == .percentile(99.9))
        #expect(try threshold("checkout.service.p99>5ms").metric.description == "checkout.service.p99")
        #expect(try threshold("sold_out.count>=10").comparison == .atLeast)
        #expect(try threshold("errors!=0").metric.description == "errors.count")
        #expect(try threshold(" checkout.p99 > 20 ms ").text == "checkout.p99>20ms")
    }

    @Test func everyMetricHasOneName() throws {
        let names = [
            "checkout.p99", "checkout.max", "checkout.mean", "checkout.service.p50", "5xx.share", "held.count",
            "achieved.rate", "achieved.share", "lag.p99", "processors", "unsent", "unanswered", "backlog",
            "backlog.max",
            "oversold", "violations", "all.p99.99", "timed_out.count",
        ]
        for name in names { #expect(try LoadMetric(parsing: name).description == name) }
        #expect(try LoadMetric(parsing: "held").description == "held.count")
    }

    @Test func mistakesNameTheColumnAndWhatWasMeant() {
        #expect(
            fault("chekout.p99>20ms")
                == "--fail-if 'chekout.p99>20ms': column 1: there is no metric `chekout`; did you mean `checkout.p99`?"
        )
        #expect(
            fault(" sold-out.count>3").contains(
                "column 2: there is no metric `sold-out`; did you mean `sold_out.count`?"
            )
        )
        #expect(
            fault("checkout.q99>20ms").contains("column 10: there is no measure `q99`; did you mean `checkout.p99`?")
        )
        #expect(fault("checkout.p101>20ms").contains("column 10: there is no measure `p101`"))
        #expect(fault("checkout.>20ms").contains("column 10: a measure is missing"))
        #expect(fault(">20ms").contains("column 1: a metric is missing"))
        #expect(fault("").contains("column 1: a metric is missing"))
        #expect(fault("checkout.p99").contains("column 13: a comparison is missing"))
        #expect(fault("checkout.p99 20ms").contains("column 14: a comparison is missing"))
        #expect(fault("checkout.p99>").contains("column 14: a limit is missing; give a time"))
        #expect(fault("checkout.p99>20").contains("column 14: the limit of `checkout.p99` has no unit"))
        #expect(fault("checkout.p99>20%").contains("column 14: `20%` is no limit of `checkout.p99`"))
        #expect(fault("checkout.p99>twenty").contains("column 14: `twenty` is no limit"))
        #expect(fault("checkout.p99=20ms").contains("a comparison is missing; write one of > >= < <= == !="))
        #expect(fault("oversold>1%").contains("column 10: `oversold` is a plain number; give a number"))
        #expect(fault("oversold.p99>1ms").contains("`oversold` has no `p99`"))
        #expect(fault("achieved>1/s").contains("`achieved` needs a measure; did you mean `achieved.rate`"))
        #expect(fault("checkout.service.rate>1/s").contains("has no `rate`"))
        #expect(fault("held.rate<100").contains("give a rate or a share, as in 'held.rate<100/s'"))
        #expect(!fault("\u{1B}[31mx>1").contains("\u{1B}"), "foreign text steers no terminal")
    }

    @Test func valuesComeFromTheSums() throws {
        var timeline = LoadTimeline()
        timeline.add(SampleLoad.second(0, held: 600, soldOut: 399, errors: 1))
        let figures = timeline.figures
        func value(_ name: String) throws -> Double? { try LoadMetric(parsing: name).value(in: figures) }
        #expect(try value("held.count") == 600 && value("held.rate") == 600 && value("held.share") == 60)
        #expect(try value("checkout.count") == 999 && value("refusals.rate") == 399)
        #expect(try value("5xx.share") == 0.1 && value("errors.count") == 1 && value("4xx.count") == 399)
        #expect(try value("2xx.count") == 600 && value("all.count") == 1000)
        #expect(try value("achieved.rate") == 1000 && value("achieved.share") == 100)
        #expect(try value("processors") == 0.5 && value("lag.p99") == 40_000)
        #expect(try value("purchase.p99") == nil && value("oversold") == nil && value("backlog") == nil)
        #expect(try value("checkout.service.p99") == nil)
        let p99 = try #require(try value("checkout.p99"))
        #expect(NumberText.latency(nanoseconds: UInt64(p99)) == "2.00 ms")
    }

    /// A server that stalls must not look fast because those who waited in vain are counted elsewhere.
    @Test func timeOutsCountInThePercentilesOfEveryKind() throws {
        var second = SampleLoad.second(0, held: 90, soldOut: 0)
        second.outcomes[.timedOut] = 10
        second.latencies[.timedOut] = SampleLoad.histogram(microseconds: Array(repeating: 30_000_000, count: 10))
        second.completed = 100
        var timeline = LoadTimeline()
        timeline.add(second)
        #expect(try threshold("checkout.p99>20s").holds(for: timeline.figures) == true)
        #expect(try threshold("held.p99>20s").holds(for: timeline.figures) == false)
        #expect(try threshold("checkout.count==90").holds(for: timeline.figures) == true)
        // Nobody bought anything: a time-out alone is no purchase.
        #expect(try threshold("purchase.p99>0s").holds(for: timeline.figures) == nil)
    }

    @Test func whatWasNotMeasuredDoesNotPass() throws {
        var timeline = LoadTimeline()
        timeline.add(SampleLoad.second(0))
        let purchase = try threshold("purchase.p99>20ms").result(for: timeline.figures)
        #expect(purchase.isFailure && purchase.value == nil)
        #expect(purchase.sentence == "`purchase.p99>20ms` could not be judged: purchase.p99 was not measured")
        #expect(try threshold("oversold>0").result(for: timeline.figures).isFailure)
        // No error, hence no latency of one: good.
        #expect(try !threshold("errors.p99>1s").result(for: timeline.figures).isFailure)
        #expect(try threshold("errors.p99>1s").result(for: LoadFigures()).isFailure, "nothing was sent at all")
        let held = try threshold("held.rate<100/s").result(for: timeline.figures)
        #expect(held.isFailure && held.sentence == "`held.rate<100/s`: it is 60/s")
        #expect(try !threshold("held.rate<60/s").result(for: timeline.figures).isFailure)
    }

    @Test func aRunIsStoppedByWhatCannotBecomeGoodAgain() throws {
        let texts = [
            "errors>3", "checkout.p99>1ms", "held.rate<100/s", "held.count<1000000", "oversold>0", "all.max>1s",
        ]
        let watch = LoadAbortWatch(thresholds: try texts.map { try threshold($0) })
        var timeline = LoadTimeline()
        #expect(watch.crossed(by: timeline.figures).isEmpty)
        timeline.add(SampleLoad.second(0, errors: 3))
        #expect(watch.crossed(by: timeline.figures).isEmpty, "nothing for good yet")
        timeline.add(SampleLoad.second(1, errors: 1))
        #expect(watch.crossed(by: timeline.figures).map(\.threshold.text) == ["errors>3"])
        for second in 2..<10 { timeline.add(SampleLoad.second(second)) }
        // After ten seconds the averages count; what only the end knows never does.
        #expect(
            watch.crossed(by: timeline.figures).map(\.threshold.text)
                == ["errors>3", "checkout.p99>1ms", "held.rate<100/s"]
        )
    }

    @Test func verificationIsAskedForBeforeTheLoad() throws {
        #expect(try threshold("oversold>0").needsVerification && threshold("violations>0").needsVerification)
        #expect(try !threshold("errors>0").needsVerification)
    }

    @Test func valuesAreWrittenAsTheyAreRead() {
        #expect(LoadValueText.text(12_400_000, .nanoseconds) == "12.4 ms")
        #expect(LoadValueText.text(3000, .perSecond) == "3,000/s")
        #expect(LoadValueText.text(0.125, .percent) == "0.13 %")
        #expect(LoadValueText.text(0.0042, .percent) == "0.0042 %")
        #expect(LoadValueText.text(17, .number) == "17")
        #expect(LoadValueText.text(99.94, .percent) == "99.9 %")
        for text in ["", ".", "1e3", "-1", "nan", "1..2", "1 kg", "%"] { #expect(LoadValueText.read(text) == nil) }
    }
}
