import Foundation

/// The requests of the open model that one thread sends, one after the other, with the times at which they are due.
/// Every thread goes through all of them and takes its own, so that the times do not depend on the number of threads.
struct ArrivalSource: Sendable {
    /// A request that is due.
    struct Arrival: Sendable, Equatable {
        var number: Int
        /// Seconds after the start of the load.
        var second: Double
    }

    private let curve: LoadCurve
    private let mix: LoadMix
    private let kind: LoadArrivals
    private let hash: SeededHash
    private let limit: Int
    private let stride: Int
    private let offset: Int
    private var number = 0
    private var passed = 0.0
    private var hint = 0

    /// - Parameters:
    ///   - limit: numbers below this only.
    ///   - stride: number of threads.
    ///   - offset: which of them this is, from 0.
    init(
        _ curve: LoadCurve,
        _ kind: LoadArrivals,
        mix: LoadMix,
        seed: UInt64,
        limit: Int = .max,
        stride: Int = 1,
        offset: Int = 0
    ) {
        self.curve = curve
        self.kind = kind
        self.mix = mix
        self.limit = limit
        self.stride = stride
        self.offset = offset
        hash = SeededHash(seed: seed ^ 0x6172_7269_7661_6C73)
    }

    /// The next one; nil at the end. Whoever belongs to a flow that has not begun yet does not come.
    mutating func next() -> Arrival? {
        while number < limit {
            let current = number
            number += 1
            if kind == .poisson { passed -= log(1 - hash.fraction(current, 0)) }
            let count = kind == .poisson ? passed : Double(current)
            guard let second = curve.second(of: count, hint: &hint) else {
                number = limit
                return nil
            }
            guard current % stride == offset else { continue }
            if mix.flows[mix.flow(current)].startsAfter <= second { return Arrival(number: current, second: second) }
        }
        return nil
    }
}
