import FlashSaleKit
import Logging

/// When a gap was last logged, and how often it was met since.
struct GapAlarm: Sendable, Equatable {
    /// Lines about one gap come once, and then at most every so often.
    static let reminder: Duration = .seconds(10)

    private var toldAt: ContinuousClock.Instant?
    private var silent = 0

    /// Takes note that the gap was met. How often it was since the last line, this time included, when one is due.
    mutating func met(at now: ContinuousClock.Instant = .now) -> Int? {
        silent += 1
        if let toldAt, now - toldAt < GapAlarm.reminder { return nil }
        toldAt = now
        defer { silent = 0 }
        return silent
    }
}

/// A gap of a journal is a state of its sale: a gap of the ledger shuts its checkouts, and nothing else.
extension DrainService {
    /// Notes that the journal has a gap there.
    func foundGap(at place: StoppedDrain, _ error: JournalError) {
        let consequence =
            place.stream == .ledger
            ? "checkouts of this sale are refused, purchases are answered 202"
            : "checkouts go on, and their attempts pile up in Redis"
        let text = "\(error.message); \(consequence) until it is closed; next step: \(JournalGap.nextStep(place.sale))"
        let (times, shut) = state.update { values -> (Int?, Set<SaleID>?) in
            values.stoppedDrains[place] = text
            let isNew = values.gaps[place] == nil
            let times = values.gaps[place, default: GapAlarm()].met()
            return (times, isNew ? values.salesWithGap : nil)
        }
        if let shut, place.stream == .ledger { tellLoops(shut) }
        guard let times else { return }
        logger.error(
            "the journal of a sale has a gap",
            metadata: ["sale": "\(place.sale)", "stream": "\(place.stream)", "reason": "\(text)", "times": "\(times)"]
        )
    }

    /// Notes that the journal has no gap there any more.
    func closedGap(at place: StoppedDrain) {
        let shut = state.update { values -> Set<SaleID>? in
            values.gaps.removeValue(forKey: place) == nil ? nil : values.salesWithGap
        }
        guard let shut else { return }
        if place.stream == .ledger { tellLoops(shut) }
        logger.notice(
            "the gap in the journal of a sale is closed",
            metadata: ["sale": "\(place.sale)", "stream": "\(place.stream)"]
        )
    }

    /// Forgets what stopped in sales that are drained no more.
    func forgetStopped(except sales: [Sale]) {
        let stopped = state.current.stoppedDrains.keys.filter { place in
            place.stream == stream && !sales.contains { $0.id == place.sale }
        }
        for place in stopped {
            state.update { $0.stoppedDrains[place] = nil }
            closedGap(at: place)
        }
    }

    /// Only the drain of the ledger calls it, so that the last word is the latest.
    private func tellLoops(_ sales: Set<SaleID>) {
        for loop in loops { loop.run { $0.salesWithGap = sales } }
    }
}
