import FlashSaleKit
import Testing

@testable import flashctl

/// When the numbers are not to be trusted, and what counts more.
@Suite struct LoadValidityTests {
    private func summary(_ change: (inout LoadSummary) -> Void) -> LoadSummary {
        var plan = LoadPlan(.megaload, target: LoadTarget(host: "h", port: 1), runID: "r")
        plan.model = .open(LoadCurve(rate: 1000, seconds: 2), .constant)
        var tally = LoadTally()
        tally.firstSentAt = 1
        tally.lastAnsweredAt = 2_000_000_001
        tally.sent = 1
        tally.record(status: 409, nanoseconds: 5)
        var summary = LoadSummary(
            plan: plan,
            tally: tally,
            startedAt: Timestamp(seconds: 0),
            wallSeconds: 2,
            processorSeconds: 1
        )
        summary.timing.scheduled = 2000
        summary.timing.inTime = 2000
        for _ in 0..<2000 { summary.timing.recordLag(50_000) }
        change(&summary)
        return summary
    }

    @Test func aGeneratorThatKeepsUpIsTrusted() throws {
        let summary = summary { _ in }
        #expect(summary.invalidBecause.isEmpty && summary.status == .success)
        #expect(summary.targetRate == 1000 && summary.achievedRate == 1000)
        #expect(try json(JSONText.line(summary.data), "valid") as? Bool == true)
        #expect(try json(JSONText.line(summary.data), "schedule_lag_ns", "p99") as? Int ?? 0 >= 50_000)
    }

    @Test func aLateGeneratorIsNot() {
        let summary = summary { summary in for _ in 0..<30 { summary.timing.recordLag(2_000_000) } }
        #expect(summary.status == .invalidLoadTest)
        #expect(summary.invalidBecause.first?.contains("schedule lag p99 2.00 ms, allowed is 1.00 ms") == true)
        #expect(
            summary.sections.last?.text(width: nil, color: false).hasPrefix("INVALID: the generator was late") == true
        )
    }

    @Test func aRateThatWasNotReachedIsNot() {
        let summary = summary { $0.timing.inTime = 1970 }
        #expect(summary.status == .invalidLoadTest)
        #expect(summary.invalidBecause.first?.contains("98.5 % of the target rate") == true)
        let server = self.summary { $0.timing.givenUp = 900 }
        #expect(server.invalidBecause.isEmpty, "requests that found no free connection are the server's")
        #expect(server.status == .failure && server.unsent == 900)
    }

    @Test func aBusyGeneratorIsNot() {
        #expect(summary { $0.busyShare = 0.86 }.status == .invalidLoadTest)
        #expect(summary { $0.busyShare = 0.85 }.status == .success)
        let closed = summary { summary in
            summary.plan.model = .closed
            summary.plan.requests = 2000
            summary.busyShare = 0.9
        }
        #expect(closed.status == .invalidLoadTest, "the closed model too")
        #expect(closed.modelName == "closed" && closed.targetRate == nil)
    }

    @Test func aBrokenPromiseCountsMore() {
        var check = StoreComparison.Check("attempts")
        check.violate("x")
        var summary = summary { summary in
            summary.busyShare = 1
            summary.interruptedBy = .interrupted
            summary.verification = StoreComparison(checks: [check]).verification
        }
        #expect(summary.status == .interrupted)
        var record = summary.record(SampleLoad.provenance, LoadTimeline())
        #expect(record.verdict.status == .interrupted)
        #expect(record.verdict.reasons.contains("1 answers do not agree with the stores"))
        summary.interruptedBy = nil
        record = summary.record(SampleLoad.provenance, LoadTimeline())
        #expect(record.verdict.status == .invariantViolated && record.figures.violations == 1)
        // A threshold that ended the run is told by the thresholds, an interrupt after it weighs more.
        summary.verification = nil
        summary.busyShare = 0
        summary.interruptedBy = .thresholdFailed
        #expect(summary.record(SampleLoad.provenance, LoadTimeline()).verdict.status == .success)
        summary.interrupt(.terminated)
        #expect(summary.record(SampleLoad.provenance, LoadTimeline()).verdict.status == .terminated)
    }

    @Test func theBusiestThreadCounts() throws {
        var plan = LoadPlan(.megaload, target: LoadTarget(host: "h", port: 1), runID: "r")
        plan.threads = 2
        var collector = LoadCollector(plan, availableProcessors: 4, processorSeconds: 0)
        func share(_ seconds: Double) -> LoadShare {
            var share = LoadShare()
            share.startedAt = 1_000_000_000
            share.threadSeconds = seconds
            return share
        }
        #expect(collector.take([LoadShare(), LoadShare()], now: 5, processorSeconds: 0, shop: nil) == nil)
        let first = collector.take([share(1), share(1)], now: 2_000_000_000, processorSeconds: 1, shop: nil)
        #expect(try #require(first).start == 0 && first?.length == 1)
        let shop = LoadInterval.Shop(free: 1, held: 2, sold: 3, backlog: 4)
        let second = collector.take([share(1.9), share(1.1)], now: 3_000_000_000, processorSeconds: 3, shop: shop)
        #expect(second?.start == 1 && second?.length == 1)
        #expect(second?.processors == 2 && second?.shop == shop)
        #expect(abs(collector.busyShare - 0.9) < 1e-9)
        // On one processor two threads that are half busy each have nothing left.
        var narrow = LoadCollector(plan, availableProcessors: 1, processorSeconds: 0)
        _ = narrow.take([share(0), share(0)], now: 2_000_000_000, processorSeconds: 0, shop: nil)
        _ = narrow.take([share(0.5), share(0.5)], now: 3_000_000_000, processorSeconds: 0, shop: nil)
        #expect(abs(narrow.busyShare - 1) < 1e-9)
    }

    @Test func whatTheServerSaysOfItsSaleIsRead() throws {
        let text = """
            {"status":"ok","sale":{"id":7,"item_name":"x","stock":9,"stock_remaining":4,"items_held":2,"items_sold":3,
            "is_test":true},"performance":{"ledger_backlog_entries":5,"attempts_backlog_entries":6}}
            """
        let state = try #require(ShopReader.state(Array(text.utf8)))
        #expect(state.sale == SaleID(7) && state.isTest == true)
        #expect(state.shop == LoadInterval.Shop(free: 4, held: 2, sold: 3, backlog: 11))
        #expect(ShopReader.state(Array("{\"status\":\"unavailable\"}".utf8)) == ShopReader.State())
        #expect(ShopReader.state(Array("nonsense".utf8)) == nil)
    }
}
