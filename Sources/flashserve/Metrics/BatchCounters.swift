import NIOCore

/// What one event loop has asked of Redis, by kind of script call.
struct BatchCounters: Sendable, Equatable {
    /// What a call decides.
    enum Kind: Int, Sendable, CaseIterable {
        case checkout, purchase, release
    }

    /// Upper ends of the buckets of sizes; no call has more.
    static let sizes = [1, 4, 16, 64, 256, Limits.batch]

    /// Calls of one kind.
    struct Calls: Sendable, Equatable {
        /// How many calls had a size in each bucket.
        fileprivate(set) var counts = Array(repeating: 0, count: BatchCounters.sizes.count)
        /// Attempts of all calls.
        fileprivate(set) var attempts = 0
        /// From sending to the reply.
        fileprivate(set) var durations = DurationHistogram()

        /// Their sizes as a scrape shows them.
        var exportedSizes: MetricsText.Histogram {
            var output = MetricsText.Histogram(sum: Double(attempts), count: counts.reduce(0, +))
            var cumulative = 0
            for (bound, count) in zip(BatchCounters.sizes, counts) {
                cumulative += count
                output.buckets.append((Double(bound), cumulative))
            }
            return output
        }

        fileprivate static func + (left: Calls, right: Calls) -> Calls {
            var sum = Calls()
            sum.counts = zip(left.counts, right.counts).map { $0 + $1 }
            sum.attempts = left.attempts + right.attempts
            sum.durations = left.durations + right.durations
            return sum
        }
    }

    private var calls = Array(repeating: Calls(), count: Kind.allCases.count)

    /// Calls of a kind.
    subscript(kind: Kind) -> Calls { calls[kind.rawValue] }

    /// Redis has answered a call, or it was given up.
    mutating func answered(_ kind: Kind, size: Int, after time: TimeAmount) {
        let bucket = BatchCounters.sizes.firstIndex { size <= $0 } ?? BatchCounters.sizes.count - 1
        calls[kind.rawValue].counts[bucket] &+= 1
        calls[kind.rawValue].attempts &+= size
        calls[kind.rawValue].durations.record(time)
    }

    /// Those of two loops together.
    static func + (left: BatchCounters, right: BatchCounters) -> BatchCounters {
        var sum = left
        for index in sum.calls.indices { sum.calls[index] = left.calls[index] + right.calls[index] }
        return sum
    }
}
