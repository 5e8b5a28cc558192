import Histogram

/// How latencies are distributed, in a few hundred bytes. Sketches can be added up, which percentiles cannot; what they
/// say is at most 1/32 too high.
struct LatencySketch: Sendable, Equatable {
    private struct Bucket: Sendable, Equatable {
        var index: UInt16
        var count: UInt32
    }

    /// Ascending.
    private var buckets: [Bucket] = []

    init() {}

    init(_ histogram: Histogram<UInt64>) {
        for value in histogram.recordedValues() { add(value.value, count: value.count) }
    }

    var count: UInt64 { buckets.reduce(0) { $0 + UInt64($1.count) } }

    /// Buckets that are in use.
    var size: Int { buckets.count }

    /// Adds another one.
    mutating func add(_ other: LatencySketch) {
        var merged: [Bucket] = []
        merged.reserveCapacity(buckets.count + other.buckets.count)
        var mine = buckets[...]
        var theirs = other.buckets[...]
        while let left = mine.first, let right = theirs.first {
            if left.index == right.index {
                merged.append(Bucket(index: left.index, count: LatencySketch.sum(left.count, UInt64(right.count))))
                mine.removeFirst()
                theirs.removeFirst()
            } else {
                merged.append(left.index < right.index ? mine.removeFirst() : theirs.removeFirst())
            }
        }
        buckets = merged + mine + theirs
    }

    /// Nanoseconds that so many percent of the latencies do not exceed; 0 without any.
    func value(atPercentile percentile: Double) -> UInt64 {
        let wanted = max(1, UInt64((Double(count) * percentile.nextDown / 100).rounded(.up)))
        var passed: UInt64 = 0
        for bucket in buckets {
            passed += UInt64(bucket.count)
            if passed >= wanted { return LatencySketch.highest(bucket.index) }
        }
        return 0
    }

    private mutating func add(_ nanoseconds: UInt64, count: UInt64) {
        let index = LatencySketch.index(nanoseconds)
        // Recorded values come in ascending order.
        if let last = buckets.indices.last, buckets[last].index == index {
            buckets[last].count = LatencySketch.sum(buckets[last].count, count)
        } else {
            buckets.append(Bucket(index: index, count: LatencySketch.sum(0, count)))
        }
    }

    private static func sum(_ left: UInt32, _ right: UInt64) -> UInt32 {
        UInt32(clamping: UInt64(left) + right)
    }

    // Units of 1,024 ns; 32 buckets for each doubling.
    private static let unitBits = 10
    private static let stepBits = 5

    private static func index(_ nanoseconds: UInt64) -> UInt16 {
        let units = nanoseconds >> unitBits
        let shift = max(0, UInt64.bitWidth - units.leadingZeroBitCount - stepBits - 1)
        return UInt16(shift << stepBits + Int(units >> shift))
    }

    /// The highest latency that falls into a bucket.
    private static func highest(_ index: UInt16) -> UInt64 {
        let steps = 1 << stepBits
        let shift = max(0, Int(index) / steps - 1)
        let start = Int(index) - shift * steps
        return UInt64(start + 1) << (shift + unitBits) - 1
    }
}
