import FlashSaleKit
import Testing

@testable import flashctl

/// Which options go together, and what they mean.
@Suite struct ReplayArgumentTests {
    private func refusal(_ arguments: String...) -> String {
        do {
            _ = try ReplayAttemptsCommand.parse(arguments)
            return ""
        } catch {
            return ReplayAttemptsCommand.message(for: error)
        }
    }

    @Test func wrongCombinationsSayWhatGoesTogether() {
        #expect(refusal("--pending", "--export").contains("one of --pending, --target and --export"))
        #expect(refusal("--pending", "--target", "http://h:1").contains("one of --pending, --target and --export"))
        #expect(refusal("--dry-run").contains("--dry-run goes together with --pending only"))
        #expect(refusal("--speed", "2x").contains("--speed goes together with --target only"))
        #expect(refusal("--no-ordered", "--pending").contains("--ordered goes together with --target only"))
        #expect(refusal("--tolerance", "1").contains("--tolerance goes together with --target only"))
        #expect(refusal("--connections", "1").contains("--connections goes together with --target only"))
        for filter in [["--user", "x"], ["--outcome", "held"], ["--since", "2026-01-01T00:00:00Z"]] {
            #expect(refusal(filter[0], filter[1]).contains("\(filter[0]) goes together with --export only: an audit"))
            #expect(refusal(filter[0], filter[1], "--export") == "")
        }
        #expect(refusal("--export", "-o", "json").contains("--export writes NDJSON"))
        #expect(refusal("--export", "-o", "ndjson") == "")
        #expect(refusal("--sale", "x").contains("'x' is invalid for '--sale"))
        #expect(refusal("--sale", "all").contains("the number of one sale, or current"))
        #expect(refusal("--sale", "all", "--pending") == "" && refusal("--sale", "current", "--export") == "")
        #expect(refusal("--export", "--outcome", "nice").contains("held, sold_out, user_limit, banned, not 'nice'"))
        #expect(refusal("--export", "--until", "noon").contains("2026-01-31T18:00:00Z, not 'noon'"))
        #expect(refusal("--target", "http://h:1", "--tolerance", "101").contains("0 to 100 percent"))
        #expect(refusal("--target", "http://h:1", "--speed", "0x") != "")
    }

    @Test func speedsAreFactors() {
        #expect(ReplaySpeed(argument: "10x") == .times(10))
        #expect(ReplaySpeed(argument: "0.5") == .times(0.5))
        #expect(ReplaySpeed(argument: "max") == .max)
        #expect(ReplaySpeed(argument: "fast") == nil)
        #expect(ReplaySpeed(argument: "nan") == nil)
        #expect(ReplaySpeed.max.factor == nil && ReplaySpeed.times(3).factor == 3)
        #expect(ReplaySpeed.times(10).defaultValueDescription == "10x")
    }

    @Test func theBarSaysHowLongItTakes() {
        let line = ReplayProgress.line("audit", 250_000, of: 1_000_000, after: .seconds(2))
        #expect(line == "audit  [######------------------]  25 %  250,000 of 1,000,000 rows  6 s left")
        #expect(ReplayProgress.line("audit", 0, of: 0, after: .zero).hasSuffix("0 of 0 rows"))
    }

    @Test func offATerminalNothingIsSaidForTenSeconds() {
        let collected = CollectingSink()
        let plain = ReplayProgress("audit", output: collected.environment().output(.table, color: .never))
        for row in 0..<100 { plain.show(row, of: 100) }
        plain.clear()
        #expect(collected.talk == "")
    }

    @Test func onATerminalTheBarRenewsItselfAndGoes() async throws {
        let collected = CollectingSink()
        let environment = collected.environment(talkTerminal: Terminal(isTerminal: true, width: 60))
        let bar = ReplayProgress("pending", unit: "entries", output: environment.output(.table, color: .never))
        try await Task.sleep(for: .milliseconds(150))
        bar.show(50, of: 100)
        #expect(collected.talk.hasPrefix("\r\u{1B}[Kpending  [############------------]  50 %"))
        bar.clear()
        #expect(collected.talk.hasSuffix("\r\u{1B}[K"))
    }
}
