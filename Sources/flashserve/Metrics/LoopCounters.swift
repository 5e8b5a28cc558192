import FlashSaleKit
import NIOCore

/// What one event loop has answered since its start. Only that loop writes, and is asked for a copy: no lock and no
/// allocation is on the way of a request. The difference of two copies is what happened between them.
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
    /// How long requests took, by route and status.
    private(set) var requests = RequestDurations()
    /// Script calls, by kind.
    private(set) var batches = BatchCounters()
    /// Requests that wait for their answer now.
    private(set) var inFlight = 0
    /// Connections that are open now.
    private(set) var connections = 0
    /// Connections that were taken.
    private(set) var accepted = 0
    /// Connections over the limit, closed at once.
    private(set) var turnedAway = 0

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

    /// A request has come.
    mutating func began() {
        inFlight &+= 1
    }

    /// A request has its answer.
    mutating func answered(_ route: RequestRoute, with answer: ByteBuffer, after time: TimeAmount) {
        inFlight &-= 1
        requests.answered(route, with: answer, after: time)
    }

    /// The clients of so many requests have left before their answers.
    mutating func abandoned(_ count: Int) {
        inFlight &-= count
    }

    /// Redis has answered a call, or it was given up.
    mutating func batch(_ kind: BatchCounters.Kind, size: Int, after time: TimeAmount) {
        batches.answered(kind, size: size, after: time)
    }

    /// A connection has come.
    mutating func connected(taken: Bool) {
        if taken {
            accepted &+= 1
            connections &+= 1
        } else {
            turnedAway &+= 1
        }
    }

    /// A connection that was taken has ended.
    mutating func disconnected() {
        connections &-= 1
    }

    /// Decided attempts by outcome, as Postgres has them; a repeat leaves no attempt of its own.
    var attempts: [(outcome: String, count: Int)] {
        [
            (Outcome.held.name, held), (Outcome.soldOut.name, soldOut), (Outcome.userLimit.name, userLimit),
            (Outcome.banned.name, banned),
        ]
    }

    /// Checkouts without a decision, by reason.
    var refusals: [(reason: String, count: Int)] {
        [
            (Refusal.overloaded.rawValue, overloaded), (Refusal.unavailable.rawValue, unavailable),
            (Refusal.paused.rawValue, paused), (Refusal.noSale.rawValue, noSale),
        ]
    }

    /// What all these loops have counted.
    static func of(_ loops: [LoopHandle]) async throws -> LoopCounters {
        var sum = LoopCounters()
        for loop in loops { sum = sum + (try await loop.ask { $0.counters }) }
        return sum
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
        sum.requests = left.requests + right.requests
        sum.batches = left.batches + right.batches
        sum.inFlight += right.inFlight
        sum.connections += right.connections
        sum.accepted += right.accepted
        sum.turnedAway += right.turnedAway
        return sum
    }
}
