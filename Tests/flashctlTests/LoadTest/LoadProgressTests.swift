import Testing

@testable import flashctl

@Suite struct LoadProgressTests {
    private let collected = CollectingSink()

    private func plan(_ requests: Int) -> LoadPlan {
        var plan = LoadPlan(.megaload, target: LoadTarget(host: "h", port: 1), runID: "r")
        plan.requests = requests
        return plan
    }

    private func interval(_ start: Double, _ outcomes: [LoadOutcome: UInt64]) -> LoadInterval {
        var interval = LoadInterval(start: start, length: 1)
        interval.outcomes = outcomes
        interval.completed = outcomes.values.reduce(0, +)
        var histogram = LoadTally.newHistogram()
        histogram.record(2_000_000)
        interval.latencies = outcomes.mapValues { _ in histogram }
        return interval
    }

    @Test func offATerminalEachSecondIsALine() {
        let progress = LoadProgress(plan(400), output: collected.environment().talkOutput)
        progress.show(interval(0, [.soldOut: 100]))
        progress.show(interval(1, [.soldOut: 200]))
        progress.clear()
        #expect(
            collected.talk == """
                1 s  25 %  100/s  p99 2.00 ms  sold_out: 100
                2 s  75 %  200/s  p99 2.00 ms  sold_out: 300

                """
        )
    }

    @Test func onATerminalTheLineRenewsItself() {
        let terminal = Terminal(isTerminal: true, width: 20)
        let output = collected.environment(["NO_COLOR": "1"], talkTerminal: terminal).talkOutput
        let progress = LoadProgress(plan(400), output: output)
        progress.clear()
        progress.show()
        #expect(collected.talk.isEmpty)
        progress.show(interval(0, [.soldOut: 100]))
        #expect(collected.talk == "\r\u{1B}[K1 s  25 %  100/s  …")
        progress.clear()
        #expect(collected.talk.hasSuffix("\r\u{1B}[K"))
        #expect(!collected.talk.contains("\n"))
    }

    @Test func errorsAndWaitingRequestsAreShownWhileTheyHappen() {
        let progress = LoadProgress(plan(10), output: collected.environment().talkOutput)
        var happened = interval(0, [.purchased: 1, .networkError: 2])
        happened.waiting = 7
        happened.isWarmup = true
        progress.show(happened)
        #expect(collected.talk.contains("20 %"), "a purchase is no progress of the checkouts")
        #expect(collected.talk.contains("waiting: 7  purchased: 1  network_error: 2  warming up"))
    }

    @Test func theOpenModelEndsWithItsTime() {
        var plan = plan(400)
        plan.model = .open(LoadCurve(rate: 10, seconds: 4), .constant)
        let progress = LoadProgress(plan, output: collected.environment().talkOutput)
        progress.take(interval(0, [.held: 1]))
        #expect(collected.talk.isEmpty)
        progress.show(interval(1, [.held: 1]))
        #expect(collected.talk == "2 s  50 %  1/s  p99 2.00 ms  held: 2\n")
    }
}
