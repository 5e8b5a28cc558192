import NIOCore

/// How long things took, counted in fixed buckets. A value: the difference of two copies is what happened between them.
struct DurationHistogram: Sendable, Equatable {
    /// Upper ends of the buckets in nanoseconds, six a decade from 0.1 ms to 10 s; one more bucket takes the rest.
    static let bounds: [Int] = [
        100_000, 150_000, 200_000, 300_000, 500_000, 700_000,
        1_000_000, 1_500_000, 2_000_000, 3_000_000, 5_000_000, 7_000_000,
        10_000_000, 15_000_000, 20_000_000, 30_000_000, 50_000_000, 70_000_000,
        100_000_000, 150_000_000, 200_000_000, 300_000_000, 500_000_000, 700_000_000,
        1_000_000_000, 1_500_000_000, 2_000_000_000, 3_000_000_000, 5_000_000_000, 7_000_000_000,
        10_000_000_000,
    ]
    /// The bounds that a scrape shows, two a decade from 0.5 ms to 5 s: each costs a series for each set of labels.
    private static let shown = [4, 7, 10, 13, 16, 19, 22, 25, 28]

    /// How many fell into each bucket.
    private(set) var counts: [Int]
    /// All durations together, in nanoseconds.
    private(set) var nanoseconds: Int

    /// One without any duration.
    init() {
        self.init(counts: Array(repeating: 0, count: DurationHistogram.bounds.count + 1), nanoseconds: 0)
    }

    init(counts: [Int], nanoseconds: Int) {
        self.counts = counts
        self.nanoseconds = nanoseconds
    }

    /// How many durations there are.
    var count: Int { counts.reduce(0, +) }

    /// All durations together, in seconds.
    var seconds: Double { Double(nanoseconds) / 1e9 }

    /// Counts one duration.
    mutating func record(_ time: TimeAmount) {
        let nanoseconds = Int(time.nanoseconds)
        counts[DurationHistogram.bucket(nanoseconds)] &+= 1
        self.nanoseconds &+= nanoseconds
    }

    /// The bucket of a duration: the first whose upper end is not below it.
    static func bucket(_ nanoseconds: Int) -> Int {
        let power = Int.bitWidth - 1 - max(1, nanoseconds).leadingZeroBitCount
        var index = Int(firstBuckets[power])
        while index < bounds.count, bounds[index] < nanoseconds { index += 1 }
        return index
    }

    /// For each power of two the bucket of that many nanoseconds; up to the next power there are at most two more.
    private static let firstBuckets: [UInt8] = (0..<Int.bitWidth - 1).map { power in
        UInt8(bounds.firstIndex { $0 >= 1 << power } ?? bounds.count)
    }

    /// The time in seconds that this share of the durations, 0…1, did not exceed: exact to its bucket and interpolated
    /// inside. Nil without durations; the upper end of the last bucket when it is beyond.
    func percentile(_ share: Double) -> Double? {
        let rank = max(1, (Double(count) * min(1, max(0, share))).rounded(.up))
        var below = 0
        for (index, count) in counts.enumerated() where count > 0 {
            if Double(below + count) < rank {
                below += count
                continue
            }
            let bounds = DurationHistogram.bounds
            guard index < bounds.count else { return Double(bounds[bounds.count - 1]) / 1e9 }
            let start = index == 0 ? 0 : bounds[index - 1]
            let part = (rank - Double(below)) / Double(count)
            return (Double(start) + Double(bounds[index] - start) * part) / 1e9
        }
        return nil
    }

    /// As a scrape shows it.
    var exported: MetricsText.Histogram {
        var output = MetricsText.Histogram(sum: seconds, count: count)
        var cumulative = 0
        var next = 0
        for bound in DurationHistogram.shown {
            while next <= bound {
                cumulative += counts[next]
                next += 1
            }
            output.buckets.append((Double(DurationHistogram.bounds[bound]) / 1e9, cumulative))
        }
        return output
    }

    /// Both together.
    static func + (left: DurationHistogram, right: DurationHistogram) -> DurationHistogram {
        DurationHistogram(
            counts: zip(left.counts, right.counts).map { $0 + $1 },
            nanoseconds: left.nanoseconds + right.nanoseconds
        )
    }

    /// What came after `right`, an earlier copy of the same histogram.
    static func - (left: DurationHistogram, right: DurationHistogram) -> DurationHistogram {
        DurationHistogram(
            counts: zip(left.counts, right.counts).map { $0 - $1 },
            nanoseconds: left.nanoseconds - right.nanoseconds
        )
    }
}
