import FlashSaleKit
import Foundation
import Testing

@testable import flashctl

/// What becomes of the counts of a run in the record that everybody reads.
@Suite struct LoadSummaryRecordTests {
    private func plan(_ model: LoadPlan.Model) -> LoadPlan {
        var plan = LoadPlan(.megaload, target: LoadTarget(host: "shop", port: 80), runID: "run")
        plan.model = model
        plan.requests = 12
        plan.seed = 5
        return plan
    }

    private func summary(
        _ model: LoadPlan.Model = .closed,
        statuses: [Int] = Array(repeating: 409, count: 12),
        service: UInt64? = nil,
        _ change: (inout LoadSummary) -> Void = { _ in }
    ) -> LoadSummary {
        var tally = LoadTally()
        tally.firstSentAt = 1
        tally.lastAnsweredAt = 1_000_000_001
        for status in statuses {
            tally.sent += 1
            tally.record(status: status, nanoseconds: 2_000_000, service: service)
        }
        var summary = LoadSummary(
            plan: plan(model),
            tally: tally,
            startedAt: Timestamp(seconds: 0),
            wallSeconds: 1,
            processorSeconds: 0.1
        )
        change(&summary)
        return summary
    }

    private func record(_ summary: LoadSummary) -> LoadRecord {
        var timeline = LoadTimeline()
        var interval = LoadInterval(start: 0, length: 1)
        interval.sent = summary.allSent
        interval.completed = summary.allAnswers
        for outcome in summary.times.seen {
            interval.outcomes[outcome] = summary.times.count(outcome)
            interval.latencies[outcome] = summary.times.latency(outcome)
        }
        timeline.add(interval)
        return summary.record(SampleLoad.provenance, timeline)
    }

    @Test func aCleanRunIsOK() {
        let record = record(summary())
        #expect(record.verdict == LoadVerdict() && record.verdict.word == "OK")
        #expect(record.model == .closed && record.title == "megaload" && record.target == "http://shop:80")
        #expect(record.figures.count(of: LoadGroup(.soldOut)) == 12 && record.figures.unsent == 0)
        #expect(record.purchases.isEmpty && record.verification == nil && record.search == nil)
        #expect(record.figures.serviceTime(of: LoadGroup(.soldOut)) == nil, "it is the latency in the closed model")
    }

    @Test func serviceTimesAreThoseOfTheRun() throws {
        let curve = LoadCurve(rate: 12, seconds: 1)
        let record = record(
            summary(.open(curve, .poisson), service: 1_000_000) {
                $0.timing.scheduled = 12; $0.timing.inTime = 12
            }
        )
        #expect(record.model == .open && record.verdict.status == .success)
        let service = try #require(record.figures.serviceTime(of: LoadGroup(.soldOut)))
        let latency = try #require(record.figures.latency(of: LoadGroup(.soldOut)))
        #expect(service.totalCount == 12 && latency.totalCount == 12)
        #expect(service.valuesAreEquivalent(service.max, 1_000_000))
        #expect(latency.valuesAreEquivalent(latency.max, 2_000_000))
    }

    @Test func whatWasNotSentFailsTheRun() {
        let record = record(summary(statuses: [409, 409, 500]))
        #expect(record.verdict.status == .failure)
        #expect(record.verdict.reasons == ["1 server errors, 0 network errors, 9 requests not sent"])
        #expect(record.figures.unsent == 9)
    }

    @Test func answersThatNobodyKnowsFailTheRun() {
        let record = record(summary(statuses: Array(repeating: 409, count: 11) + [302]))
        #expect(record.verdict.status == .failure)
        #expect(record.verdict.text.hasSuffix(", 1 answers of an unknown kind"))
    }

    @Test func anErrorIsToldWithItsStatus() {
        let record = record(
            summary(statuses: [409, 409, 502, 500, 502]) { summary in
                summary.guesses.sent = 1
                summary.guesses.record(status: 404, nanoseconds: 1)
            }
        )
        let expected = [(404, 1), (409, 2), (500, 1), (502, 2)].map {
            LoadRecord.Answer(status: $0.0, error: nil, count: UInt64($0.1))
        }
        #expect(record.answers == expected)
        let text = record.sections.map { $0.text(width: nil, color: false) }.joined(separator: "\n")
        #expect(text.contains("answers by status and error code\n"))
        #expect(text.contains("   502  -          2\n"))
        #expect(ReportPage(record: record).html.contains("By status and error code"))
        let clean = self.record(summary())
        #expect(!clean.sections.contains { $0.text(width: nil, color: false).contains("answers by status") })
    }

    @Test func networkErrorsKeepTheirKinds() {
        let record = record(
            summary(statuses: []) { summary in
                for _ in 0..<3 { summary.tally.recordFailure(.reset) }
                summary.tally.recordFailure(.timeout)
                summary.tally.recordConnectFailure(.connectRefused)
            }
        )
        #expect(record.networkErrors.map(\.kind) == ["connect_refused", "reset", "timeout"])
        #expect(record.networkErrors.map(\.count) == [1, 3, 1])
    }

    @Test(arguments: [Status.interrupted, .terminated])
    func anInterruptWeighsMostAndIsNoFailure(status: Status) {
        let record = record(
            summary(statuses: [409]) { summary in
                summary.interruptedBy = status
                summary.busyShare = 1
            }
        )
        #expect(record.verdict.status == status && record.verdict.word == "INTERRUPTED")
        #expect(record.verdict.reasons.first == "these are the numbers until then")
        #expect(record.verdict.reasons.count == 2, "that the generator was the limit is told, too")
        #expect(record.figures.unsent == 11)
    }

    @Test func theVerdictOfAThresholdIsLeftToTheThresholds() throws {
        var record = record(summary(statuses: [409]) { $0.interruptedBy = .thresholdFailed })
        #expect(record.verdict.status == .success && record.verdict.reasons.isEmpty)
        record.judge([try LoadThreshold(parsing: "sold_out.count>0", option: "--fail-if")])
        #expect(record.verdict.status == .thresholdFailed)
    }

    @Test func brokenPromisesAreCounted() {
        var check = StoreComparison.Check("stock")
        check.violate("unit 7 of sale 1", times: 3)
        let comparison = StoreComparison(checks: [StoreComparison.Check("attempts"), check])
        let record = record(summary { $0.verification = comparison.verification })
        #expect(record.verdict.status == .invariantViolated)
        #expect(record.verdict.text == "3 answers do not agree with the stores")
        #expect(record.figures.oversold == 3 && record.figures.violations == 3)
        let row = record.verification?.rows.last
        #expect(row?.name == "stock" && row?.offenders == ["unit 7 of sale 1"] && row?.violations == 3)
        let text = record.sections.map { $0.text(width: nil, color: false) }.joined(separator: "\n")
        #expect(text.contains("3 violated  stock"))
        #expect(text.contains("stock: 3 violated\n  unit 7 of sale 1\n  and 2 more"))
        #expect(text.contains("ok          attempts"))
    }

    @Test func offendersAreShownHarmlessly() {
        var check = StoreComparison.Check("limits")
        check.violate("user \u{1B}[31mred")
        let record = record(summary { $0.verification = StoreComparison(checks: [check]).verification })
        let text = record.sections.map { $0.text(width: nil, color: false) }.joined()
        #expect(text.contains("user \\u{1b}[31mred") && !text.contains("\u{1B}"))
    }

    @Test func thePlanOfAClosedRunIsToldInWords() {
        var plan = plan(.closed)
        #expect(plan.facts(isRealTime: false).map(\.name) == ["planned", "connections", "run id"])
        #expect(plan.facts(isRealTime: false).map(\.value) == ["12", "2,000, 1 thread", "run, seed 5"])
        #expect(plan.facts(isRealTime: true)[1].value == "2,000, 1 thread, real-time priority")
        plan.busyPoll = true
        #expect(plan.facts(isRealTime: false)[1].value == "2,000, 1 thread, busy polling")
        plan.busyPoll = false
        plan.durationSeconds = 2.5
        plan.requests = LoadPlan.mostRequests
        plan.threads = 2
        plan.warmupSeconds = 1
        plan.purchasePercent = 70
        #expect(
            plan.facts(isRealTime: false).map(\.name) == [
                "duration", "warm-up", "paid at once", "connections", "run id",
            ]
        )
        #expect(plan.facts(isRealTime: false).prefix(4).map(\.value) == ["2.5 s", "1.0 s", "70 %", "2,000, 2 threads"])
    }

    @Test func thePlanOfAnOpenRunIsToldInWords() {
        let stages = [LoadStage(rate: 2000, seconds: 10), LoadStage(rate: 2000, seconds: 20)]
        let plan = plan(.open(LoadCurve(stages), .poisson))
        #expect(
            plan.facts(isRealTime: false).map(\.name) == ["arrivals", "duration", "planned", "connections", "run id"]
        )
        #expect(
            plan.facts(isRealTime: false).prefix(3).map(\.value) == ["poisson", "30.0 s", "50,000, at 2,000/s at most"]
        )
    }

    @Test func whoWaitsKnowsWhatEndsTheRun() {
        let counted = plan(.closed).outlook
        #expect(counted.requests == 12 && counted.seconds == nil && counted.model == .closed)
        var timed = plan(.closed)
        timed.durationSeconds = 30
        #expect(timed.outlook.requests == nil && timed.outlook.seconds == 30)
        let open = plan(.open(LoadCurve(rate: 10, seconds: 60), .constant)).outlook
        #expect(open.requests == nil && open.seconds == 60 && open.model == .open)
    }

    @Test func theRunIsNoCircumstance() throws {
        var first = record(summary())
        let second = record(
            summary {
                $0.plan.runID = "other"; $0.plan.connections = 10
            }
        )
        let baseline = try LoadBaseline(Data(JSONText.line(second.data).utf8), path: "base.json")
        first.compare(with: baseline, tolerances: [])
        #expect(first.comparison?.differences.map(\.name) == ["connections"])
    }

    @Test func programsGetTheFactsOfPurchases() throws {
        let record = record(summary { $0.plan.purchasePercent = 50 })
        let facts = try #require(try json(JSONText.line(record.data), "purchases") as? [[String: Any]])
        #expect(facts.compactMap { $0["name"] as? String } == ["codes", "paid", "not paid", "requests", "time"])
        #expect(facts.first?["value"] as? String == "0 to pay for, 50 % of 0")
    }
}
