import FlashSaleKit
import NIOCore
import Testing

@testable import flashctl

/// What is written about a replay, and what is sent for it.
@Suite struct ReplayReportTests {
    private static let place = RecordPosition(epoch: 1, seq: 5, index: 2)

    private func event(_ user: UserID, _ outcome: Outcome, _ index: Int64 = 2) -> TrafficEvent {
        TrafficEvent(
            kind: .checkout(itemID: 7, outcome: outcome, holdID: nil),
            user: user,
            at: Timestamp(seconds: 5),
            place: RecordPosition(epoch: 1, seq: 5, index: index)
        )
    }

    private func report(_ comparison: ReplayComparison, tolerance: Double = 0) throws -> ReplayTargetReport {
        let target = LoadTarget(host: "shop", port: 80)
        var plan = LoadPlan(.megaload, target: target, runID: "replay")
        plan.name = "replay of sale 3"
        plan.requests = 0
        let terms = SaleTerms(
            itemName: "Lamp",
            imageURL: "/l.png",
            stock: 5,
            userLimit: 1,
            holdMilliseconds: 1000,
            opensAt: Timestamp(seconds: 0),
            closesAt: Timestamp(seconds: 9),
            hourly: false,
            test: true
        )
        var counts = LoadCounts()
        counts.releases.sent = 1
        counts.releases.record(status: 200, nanoseconds: 1000)
        let summary = LoadSummary(
            plan: plan,
            scheduled: counts,
            tally: LoadTally(),
            startedAt: Timestamp(seconds: 0),
            wallSeconds: 1,
            processorSeconds: 0
        )
        return ReplayTargetReport(
            sale: Sale(id: try #require(SaleID(3)), terms: terms, epoch: 1, finishedAt: nil),
            summary: summary,
            comparison: comparison,
            speed: .max,
            isOrdered: true,
            tolerance: tolerance
        )
    }

    private func text(_ report: some Report) -> String {
        report.sections.map { $0.text(width: nil, color: false) }.joined(separator: "\n")
    }

    @Test func countsThatDifferEndWith99AndNameTheFirstAttempt() throws {
        var comparison = ReplayComparison()
        comparison.original = [.held: 1, .soldOut: 1, .banned: 2]
        comparison.checkouts = 2
        comparison.answered(event("an\u{1B}n", .held, 3), .held, 409)
        comparison.answered(event("bob", .soldOut, 4), .soldOut, 409)
        comparison.skipped = 1
        let report = try report(comparison)
        #expect(report.status == .thresholdFailed && !report.isReproduced)
        let text = text(report)
        #expect(text.contains("not reproduced: the counts of sale 3 differ by more than 0.0 %"))
        #expect(text.contains("1 purchases and returns were left out"))
        #expect(text.contains("step 5, row 3, user 'an\\u{1b}n', held then, 409 now"))
        #expect(text.contains("answers to holds given back"))
        #expect(text.contains("left out"))
        let data = JSONText.pretty(report.data)
        #expect(try json(data, "first_difference", "user") as? String == "an\u{1B}n")
        #expect(try json(data, "left_out") as? Int == 2)
        #expect(try json(data, "speed") as? String == "max")
        #expect(try json(data, "given_back", "sent") as? Int == 1)
        #expect(try self.report(comparison, tolerance: 50).status == .success)
    }

    @Test func purchasesOfAReplayAreCommittedPurchases() throws {
        var report = try report(ReplayComparison())
        var counts = LoadCounts()
        counts.purchases.requests.sent = 3
        for status in [200, 200, 404] { counts.purchases.requests.record(status: status, nanoseconds: 2_000_000) }
        report.summary.scheduled = counts
        #expect(report.summary.purchases == 2 && report.summary.isClean)
        #expect(text(report).contains("committed purchases      2"))
        #expect(report.summary.record(SampleLoad.provenance, LoadTimeline()).model == .scheduled)
        counts.purchases.requests.sent = 4
        report.summary.scheduled = counts
        #expect(report.summary.unanswered == 1 && !report.summary.isClean)
    }

    @Test func theEarliestDifferenceIsKept() {
        var comparison = ReplayComparison()
        comparison.answered(event("late", .held, 8), .held, 429)
        comparison.answered(event("early", .held, 1), .held, nil)
        comparison.answered(event("same", .userLimit, 0), .userLimit, 429)
        #expect(comparison.first?.user == "early" && comparison.first?.status == nil)
        #expect(comparison.differences == 2 && comparison.withoutOutcome == 1)
        #expect(ReplayComparison.outcome(status: 403) == .banned && ReplayComparison.outcome(status: 503) == nil)
    }

    @Test func whatIsStillStuckIsSaid() throws {
        var result = PendingWork.Result()
        #expect(PendingReport(result: result, isDryRun: false).failure == nil)
        #expect(text(PendingReport(result: result, isDryRun: false)).contains("nothing is stuck"))
        result.shut[try #require(SaleID(4))] = "its records do not add up"
        let report = PendingReport(result: result, isDryRun: false)
        #expect(report.failure?.status == .failure)
        #expect(report.failure?.message == "still stuck: sale 4 is shut: its records do not add up")
        #expect(PendingReport(result: result, isDryRun: true).failure == nil)
        let lag = JournalLag(saleID: try #require(SaleID(4)), stream: .attempts)
        result.lags = [lag]
        let dry = PendingReport(result: result, isDryRun: true)
        #expect(text(dry).contains("0 entries of the journal wait, and 0 dead letters"))
        #expect(try json(JSONText.pretty(dry.data), "dry_run") as? Bool == true)
    }

    private func bytes(_ action: ScheduledRequest.Action, user: UserID = "ann") -> String {
        let target = LoadTarget(host: "shop", port: 81)
        let template = ScheduledTemplate(plan: LoadPlan(.megaload, target: target, runID: "replay"))
        var event = event("x", .held)
        event.user = user
        var buffer = ByteBuffer(string: "what was there before")
        template.write(ScheduledRequest(action: action, event: event, dueAt: 0), into: &buffer)
        return String(buffer: buffer)
    }

    @Test func requestsAreThoseOfTheAPI() {
        let tail = " HTTP/1.1\r\nHost: shop:81\r\nContent-Length: 0\r\n\r\n"
        #expect(
            bytes(.checkout(itemID: .max), user: "kä the&+%~")
                == "POST /checkout?user_id=k%C3%A4%20the%26%2B%25~&id=9223372036854775807" + tail
        )
        #expect(bytes(.purchase(code: Array("2R-7ZK3".utf8))) == "POST /purchase?code=2R-7ZK3" + tail)
        #expect(bytes(.giveBack(code: Array("2R-7ZK3".utf8))) == "DELETE /checkout?code=2R-7ZK3" + tail)
    }
}
