import FlashSaleKit

/// What each request of a run is, by its number and nothing else: the same scenario and seed give the same users and
/// actions, however many threads and connections there are.
struct LoadMix: Sendable {
    private enum Purpose {
        static let flow: UInt64 = 1
        static let user: UInt64 = 2
        static let winner: UInt64 = 3
        static let pause: UInt64 = 4
        static let repetition: UInt64 = 5
        static let code: UInt64 = 6
    }

    /// What a winner does, and after how many milliseconds.
    enum Decision: Sendable, Equatable {
        case pay(afterMilliseconds: Int)
        case giveBack(afterMilliseconds: Int)
        case abandon
    }

    let flows: [LoadFlow]
    private let hash: SeededHash
    private let total: Int
    /// The only flow is chosen without a look at its weight.
    private let isPlain: Bool

    init(_ flows: [LoadFlow], seed: UInt64) {
        self.flows = flows
        hash = SeededHash(seed: seed)
        total = flows.reduce(0) { $0 + $1.weight }
        isPlain = flows.count == 1
    }

    /// The flow of a request.
    func flow(_ number: Int) -> Int {
        if isPlain { return 0 }
        var rest = hash.below(total, number, Purpose.flow)
        for index in flows.indices {
            rest -= flows[index].weight
            if rest < 0 { return index }
        }
        return flows.count - 1
    }

    /// Share of the visitors who come at this second, 0…1: some flows begin later.
    func share(at second: Double) -> Double {
        let active = flows.reduce(0) { $0 + ($1.startsAfter <= second ? $1.weight : 0) }
        return total > 0 ? Double(active) / Double(total) : 0
    }

    /// Number of the user of a request, from 0, among those of its flow.
    func user(_ number: Int, flow: Int) -> Int {
        switch flows[flow].users {
        case .unique: number
        case .pool(let size): hash.below(size, number, Purpose.user)
        case .zipf(let size, let exponent):
            LoadMix.zipf(hash.fraction(number, Purpose.user), size: size, exponent: exponent)
        }
    }

    /// The user id of a request of a run.
    func userID(_ number: Int, runID: String) -> UserID {
        let flow = flow(number)
        return UserID(recorded: "\(runID)-\(flows[flow].tag)\(user(number, flow: flow))")
    }

    /// Whether a request is sent twice, with an `Idempotency-Key`.
    func isRepeated(_ number: Int, flow: Int) -> Bool {
        let percent = flows[flow].repeatPercent
        return percent > 0 && hash.below(100, number, Purpose.repetition) < percent
    }

    /// Milliseconds until the repetition.
    func repetitionPause(_ number: Int) -> Int { 50 + hash.below(450, number, Purpose.pause) }

    /// What the winner of a request does.
    func decision(_ number: Int, _ habits: LoadFlow.Habits) -> Decision {
        func within(_ range: ClosedRange<Int>) -> Int {
            range.lowerBound + hash.below(range.count, number, Purpose.pause)
        }
        var roll = hash.below(100, number, Purpose.winner)
        if roll < habits.pay { return .pay(afterMilliseconds: within(habits.think)) }
        roll -= habits.pay
        if roll < habits.payLate { return .pay(afterMilliseconds: within(habits.late)) }
        roll -= habits.payLate
        return roll < habits.giveBack ? .giveBack(afterMilliseconds: within(habits.think)) : .abandon
    }

    /// The 128 bits of a code that nobody was given.
    func guessedBits(_ number: Int) -> (high: UInt64, low: UInt64) {
        (hash.bits(number, Purpose.code), hash.bits(number, Purpose.code + 1))
    }

    /// The inverse of the distribution function: rank 0 is the most frequent.
    private static func zipf(_ fraction: Double, size: Int, exponent: Double) -> Int {
        let end = Double(size) + 1
        let rank: Double
        if abs(exponent - 1) < 1e-9 {
            rank = power(end, fraction)
        } else {
            let most = power(end, 1 - exponent) - 1
            rank = power(most * fraction + 1, 1 / (1 - exponent))
        }
        return min(max(Int(rank) - 1, 0), size - 1)
    }
}
