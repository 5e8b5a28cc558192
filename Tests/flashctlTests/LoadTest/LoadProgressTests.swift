import Testing

@testable import flashctl

@Suite struct LoadProgressTests {
    private let collected = CollectingSink()

    private func sample(answered: Int) -> LoadSample {
        var counts = LoadCounts()
        for _ in 0..<answered { counts.checkouts.record(status: 409, nanoseconds: 2_000_000) }
        return LoadSample(counts)
    }

    @Test func offATerminalEachSecondIsALine() {
        let progress = LoadProgress(requests: 400, output: collected.environment().talkOutput)
        progress.show(sample(answered: 100), seconds: 1)
        progress.show(sample(answered: 300), seconds: 2)
        progress.clear()
        #expect(collected.talk == "1 s  25 %  100/s  p99 2.00 ms  409: 100\n2 s  75 %  200/s  p99 2.00 ms  409: 300\n")
    }

    @Test func onATerminalTheLineRenewsItself() {
        let terminal = Terminal(isTerminal: true, width: 20)
        let output = collected.environment(["NO_COLOR": "1"], talkTerminal: terminal).talkOutput
        let progress = LoadProgress(requests: 400, output: output)
        progress.clear()
        #expect(collected.talk.isEmpty)
        progress.show(sample(answered: 100), seconds: 1)
        #expect(collected.talk == "\r\u{1B}[K1 s  25 %  100/s  …")
        progress.clear()
        #expect(collected.talk.hasSuffix("\r\u{1B}[K"))
        #expect(!collected.talk.contains("\n"))
    }

    @Test func networkErrorsAreShownWhileTheyHappen() {
        var counts = LoadCounts()
        counts.checkouts.recordFailure(.reset)
        counts.purchases.recordSuccess(replayed: false, tries: 1, nanoseconds: 1)
        let progress = LoadProgress(requests: 10, output: collected.environment().talkOutput)
        progress.show(LoadSample(counts), seconds: 1)
        #expect(collected.talk.contains("bought: 1  network errors: 1"))
    }
}
