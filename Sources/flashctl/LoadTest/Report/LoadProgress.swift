import Histogram
import Synchronization

/// Tells the person who waits how far a load test is: a line that renews itself on a terminal, one line a second
/// elsewhere.
final class LoadProgress: Sendable {
    private struct State {
        var outcomes: [LoadOutcome: UInt64] = [:]
        var last: LoadInterval?
        var drawn = false
    }

    private let plan: LoadPlan
    private let output: Output
    private let state = Mutex(State())

    init(_ plan: LoadPlan, output: Output) {
        self.plan = plan
        self.output = output
    }

    /// Counts what happened in the last second, and shows it.
    func show(_ interval: LoadInterval) {
        take(interval)
        show()
    }

    /// Counts what happened in the last second.
    func take(_ interval: LoadInterval) {
        state.withLock { state in
            state.outcomes.merge(interval.outcomes, uniquingKeysWith: +)
            state.last = interval
        }
    }

    /// Shows where the run stands.
    func show() {
        let text = state.withLock { state -> String? in
            state.drawn = state.drawn || state.last != nil
            return state.last.map { line($0, state.outcomes) }
        }
        guard let text else { return }
        guard output.talkTerminal.isTerminal else { return output.say(text) }
        let width = (output.talkTerminal.width ?? 80) - 1
        output.sink.talk("\r\u{1B}[K" + DisplayWidth.fitted(text, to: width))
    }

    /// Removes the line from the terminal.
    func clear() {
        if output.talkTerminal.isTerminal, state.withLock({ $0.drawn }) { output.sink.talk("\r\u{1B}[K") }
    }

    private func line(_ interval: LoadInterval, _ outcomes: [LoadOutcome: UInt64]) -> String {
        let seconds = interval.start + interval.length
        let rate = interval.length > 0 ? Double(interval.completed) / interval.length : 0
        var latency: Histogram<UInt64>?
        for histogram in interval.latencies.values {
            if latency == nil { latency = histogram } else { latency?.add(histogram) }
        }
        var parts = ["\(Int(seconds.rounded())) s"]
        if let percent = percent(outcomes, seconds) { parts.append("\(percent) %") }
        parts.append("\(NumberText.grouped(Int(rate.rounded())))/s")
        parts.append("p99 \(NumberText.latency(nanoseconds: latency?.valueAtPercentile(99) ?? 0))")
        if interval.waiting > 0 { parts.append("waiting: \(NumberText.grouped(interval.waiting))") }
        for outcome in LoadOutcome.allCases {
            if let count = outcomes[outcome] { parts.append("\(outcome.rawValue): \(NumberText.grouped(count))") }
        }
        if interval.isWarmup { parts.append("warming up") }
        return parts.joined(separator: "  ")
    }

    /// How far it is; nil when nobody knows where the end is.
    private func percent(_ outcomes: [LoadOutcome: UInt64], _ seconds: Double) -> Int? {
        if case .open(let curve, _) = plan.model { return min(100, Int(100 * seconds / curve.seconds)) }
        if let duration = plan.durationSeconds { return min(100, Int(100 * seconds / duration)) }
        let purchases: [LoadOutcome] = [.purchased, .pending, .unknownCode, .expiredCode, .released, .alreadyPurchased]
        let checkouts = outcomes.filter { !purchases.contains($0.key) }.reduce(0) { $0 + $1.value }
        return Int(100 * Double(checkouts) / Double(max(plan.requests, 1)))
    }
}
