import Synchronization

/// Tells the person who waits how far a load test is: a line that renews itself on a terminal, one line a second
/// elsewhere.
final class LoadProgress: Sendable {
    private struct Last {
        var answered: UInt64 = 0
        var seconds: Double = 0
        var drawn = false
    }

    private let requests: Int
    private let output: Output
    private let last = Mutex(Last())

    init(requests: Int, output: Output) {
        self.requests = requests
        self.output = output
    }

    /// Shows where the run stands after so many seconds.
    func show(_ sample: LoadSample, seconds: Double) {
        let rate = last.withLock { last in
            let elapsed = max(seconds - last.seconds, 0.001)
            let rate = Double(sample.answered - min(last.answered, sample.answered)) / elapsed
            last = Last(answered: sample.answered, seconds: seconds, drawn: true)
            return rate
        }
        let text = line(sample, seconds: seconds, rate: rate)
        guard output.talkTerminal.isTerminal else { return output.say(text) }
        let width = (output.talkTerminal.width ?? 80) - 1
        output.sink.talk("\r\u{1B}[K" + DisplayWidth.fitted(text, to: width))
    }

    /// Removes the line from the terminal.
    func clear() {
        if output.talkTerminal.isTerminal, last.withLock({ $0.drawn }) { output.sink.talk("\r\u{1B}[K") }
    }

    private func line(_ sample: LoadSample, seconds: Double, rate: Double) -> String {
        let percent = Int(100 * Double(sample.checkouts) / Double(max(requests, 1)))
        let statuses = sample.statuses.sorted { $0.key < $1.key }
            .map { "\($0.key): \(NumberText.grouped($0.value))" }.joined(separator: "  ")
        var parts = [
            "\(Int(seconds)) s", "\(percent) %", "\(NumberText.grouped(Int(rate)))/s",
            "p99 \(NumberText.latency(nanoseconds: sample.p99))", statuses,
        ]
        if sample.committed > 0 { parts.append("bought: \(NumberText.grouped(sample.committed))") }
        if sample.networkErrors > 0 { parts.append("network errors: \(NumberText.grouped(sample.networkErrors))") }
        return parts.filter { !$0.isEmpty }.joined(separator: "  ")
    }
}
