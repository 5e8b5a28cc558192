import FlashSaleKit
import Synchronization

/// Tells the person who waits how far the reading of records is: a bar that renews itself on a terminal, one line every
/// ten seconds elsewhere.
final class ReplayProgress: Sendable {
    private struct Last {
        var shown: ContinuousClock.Instant
        var drawn = false
    }

    private let output: Output
    private let what: String
    private let unit: String
    private let began = ContinuousClock.now
    private let last: Mutex<Last>
    private static let barWidth = 24

    init(_ what: String, unit: String = "rows", output: Output) {
        self.what = what
        self.unit = unit
        self.output = output
        last = Mutex(Last(shown: .now))
    }

    /// Shows where it stands, unless it was shown just now.
    func show(_ rows: Int, of total: Int) {
        let isTerminal = output.talkTerminal.isTerminal
        let now = ContinuousClock.now
        let isDue = last.withLock { last in
            guard now - last.shown >= (isTerminal ? .milliseconds(100) : .seconds(10)) else { return false }
            last = Last(shown: now, drawn: true)
            return true
        }
        guard isDue else { return }
        let text = ReplayProgress.line(what, rows, of: total, unit: unit, after: now - began)
        guard isTerminal else { return output.say(text) }
        let width = (output.talkTerminal.width ?? 80) - 1
        output.sink.talk("\r\u{1B}[K" + DisplayWidth.fitted(text, to: width))
    }

    /// Removes the bar from the terminal.
    func clear() {
        if output.talkTerminal.isTerminal, last.withLock({ $0.drawn }) { output.sink.talk("\r\u{1B}[K") }
    }

    /// `audit  [#######-----]  58 %  580,000 of 1,000,000 rows  4 s left`
    static func line(
        _ what: String,
        _ rows: Int,
        of total: Int,
        unit: String = "rows",
        after elapsed: Duration
    ) -> String {
        let share = total > 0 ? min(1, Double(rows) / Double(total)) : 0
        let filled = Int(share * Double(barWidth))
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: barWidth - filled)
        var text = "\(what)  [\(bar)]  \(Int(share * 100)) %  \(NumberText.grouped(rows)) of "
        text += "\(NumberText.grouped(total)) \(unit)"
        guard share > 0.001 else { return text }
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        return text + "  \(Int((seconds * (1 - share) / share).rounded(.up))) s left"
    }
}
