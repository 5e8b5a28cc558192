import Synchronization
import Testing

@testable import flashctl

/// What follows from answers is sent besides the plan, and never counts as what the plan asked for.
@Suite struct FollowUpTests {
    /// Gives each checkout a code, and sells it.
    private static let shop: ScriptedServer.Behaviour = { number, request in
        if request.hasPrefix("POST /purchase?code=") { return [.send(response(200, "{\"status\":\"success\"}"))] }
        return [.send(response(201, "{\"code\":\"1-CODE\(number)\",\"sale_id\":1}"))]
    }

    private func timeline(_ plan: LoadPlan) async throws -> (LoadTimeline, LoadSummary) {
        let timeline = Mutex(LoadTimeline())
        let run = LoadRun(plan: plan, interrupts: AsyncStream { $0.finish() }) { interval in
            timeline.withLock { $0.add(interval) }
        }
        let summary = try await run.execute()
        return (timeline.withLock { $0 }, summary)
    }

    @Test(arguments: [LoadPlan.Model.closed, .open(LoadCurve(rate: 200, seconds: 1), .constant)])
    func purchasesAreSentBesidesThePlan(model: LoadPlan.Model) async throws {
        try await ScriptedServer.serving(FollowUpTests.shop) { server in
            var plan = LoadPlan(.megaload, target: LoadTarget(host: "127.0.0.1", port: server.port), runID: "test")
            plan.requests = 200
            plan.connections = 8
            plan.purchasePercent = 100
            plan.model = model
            let (timeline, summary) = try await timeline(plan)
            let figures = timeline.figures
            #expect(figures.scheduled == 200 && figures.sentOfPlan == 200)
            #expect(figures.followUps == 200 && figures.sent == 400)
            #expect(summary.purchases == 200)
            #expect(timeline.points.reduce(0) { $0 + $1.sentOfPlan } == 200)
            guard !plan.isClosed else { return }
            let share = try #require(LoadMetric(.achieved, .share)?.value(in: figures))
            #expect((90...110).contains(share), "200 of 200, and not 400 of 200: \(share) %")
        }
    }

    @Test func theyAreNamedWhereverTheRateIs() throws {
        var interval = SampleLoad.second(0)
        interval.sent += 25
        interval.followUps = 25
        let record = SampleLoad.record([interval])
        #expect(record.rateText == "100/s sent of 100/s asked for (100.0 %) in 1.0 s, 25/s follow-ups besides")
        var timeline = LoadTimeline()
        timeline.add(interval)
        let outlook = LoadOutlook(title: "k6", target: "http://shop", model: .open, seconds: 10)
        let screen = LoadScreen(outlook: outlook, unicode: true)
        #expect(screen.line(timeline).contains("  sent 100/s of 100/s  follow-ups 25/s  "))
        #expect(
            screen.text(timeline, width: 100, color: false).contains("sent 100/s of 100/s  follow-ups 25/s  answered")
        )
        #expect(record.csv.split(separator: "\n")[0].contains(",sent,follow_ups,completed,"))
        #expect(ReportPage(record: record).html.contains("of them follow-ups"))
    }

    @Test func theProgressIsThatOfThePlan() throws {
        var interval = SampleLoad.second(0)
        interval.sent = 80
        interval.followUps = 40
        interval.completed = 80
        var timeline = LoadTimeline()
        timeline.add(interval)
        var outlook = LoadOutlook(title: "k6", target: "http://shop", model: .closed)
        outlook.requests = 80
        let line = LoadScreen(outlook: outlook, unicode: true).line(timeline)
        #expect(line.hasPrefix("0:01  50 %  "), "40 purchases are no part of 80 checkouts: \(line)")
    }
}
