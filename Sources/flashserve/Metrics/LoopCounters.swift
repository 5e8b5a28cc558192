import FlashSaleKit

/// What one event loop has answered since its start. Only that loop writes, and is asked for a copy: no lock is on the
/// way of a request.
struct LoopCounters: Sendable, Equatable {
    /// Why a checkout was refused without a decision.
    enum Refusal: String, Sendable, CaseIterable {
        case overloaded
        case unavailable
        case paused
        case noSale = "no_active_sale"

        init(_ answer: Responses.Fixed) {
            self =
                switch answer {
                case .overloaded: .overloaded
                case .paused: .paused
                default: .unavailable
                }
        }
    }

    private(set) var held = 0
    private(set) var soldOut = 0
    private(set) var userLimit = 0
    private(set) var banned = 0
    private(set) var repeated = 0
    private(set) var overloaded = 0
    private(set) var unavailable = 0
    private(set) var paused = 0
    private(set) var noSale = 0
    /// Purchases that Redis has decided.
    var purchases = 0

    /// Counts the letter of an attempt.
    mutating func decided(_ letter: UInt8) {
        switch letter {
        case Outcome.soldOut.rawValue: soldOut &+= 1
        case Outcome.held.rawValue: held &+= 1
        case Outcome.userLimit.rawValue: userLimit &+= 1
        case Outcome.banned.rawValue: banned &+= 1
        case Outcome.repeatedLetter: repeated &+= 1
        default: overloaded &+= 1
        }
    }

    /// Counts checkouts that were not decided.
    mutating func refused(_ reason: Refusal, _ count: Int) {
        switch reason {
        case .overloaded: overloaded &+= count
        case .unavailable: unavailable &+= count
        case .paused: paused &+= count
        case .noSale: noSale &+= count
        }
    }

    /// Attempts by outcome; a repeat is answered with the hold that it has.
    var attempts: [(outcome: String, count: Int)] {
        [
            (Outcome.held.name, held), (Outcome.soldOut.name, soldOut), (Outcome.userLimit.name, userLimit),
            (Outcome.banned.name, banned), ("repeated", repeated),
        ]
    }

    /// Checkouts without a decision, by reason.
    var refusals: [(reason: String, count: Int)] {
        [
            (Refusal.overloaded.rawValue, overloaded), (Refusal.unavailable.rawValue, unavailable),
            (Refusal.paused.rawValue, paused), (Refusal.noSale.rawValue, noSale),
        ]
    }

    /// The counters of two loops together.
    static func + (left: LoopCounters, right: LoopCounters) -> LoopCounters {
        var sum = left
        sum.held += right.held
        sum.soldOut += right.soldOut
        sum.userLimit += right.userLimit
        sum.banned += right.banned
        sum.repeated += right.repeated
        sum.overloaded += right.overloaded
        sum.unavailable += right.unavailable
        sum.paused += right.paused
        sum.noSale += right.noSale
        sum.purchases += right.purchases
        return sum
    }
}
