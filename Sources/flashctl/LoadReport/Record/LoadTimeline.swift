/// Takes one interval after the other and keeps what reports need, in bounded memory: beyond ``maximumPoints`` two
/// neighbouring points become one, and from then on each point covers twice the time.
struct LoadTimeline: Sendable {
    /// Half an hour of seconds; more than a chart has columns.
    static let maximumPoints = 1800
    /// Intervals that are remembered one by one: as many as a terminal has columns.
    static let longestMemory = 240

    /// In the order of time.
    private(set) var points: [LoadPoint] = []
    /// The sums so far, without the warm-up.
    private(set) var figures = LoadFigures()
    /// What came last, second by second, for somebody who watches: at most ``longestMemory``.
    private(set) var recent: [LoadPoint] = []
    /// How many intervals a point takes.
    private var intervalsPerPoint = 1
    private var intervalsInLast = 0

    init() {}

    /// Takes what happened in the next interval.
    mutating func add(_ interval: LoadInterval) {
        figures.add(interval)
        let point = LoadPoint(interval)
        if recent.count == LoadTimeline.longestMemory { recent.removeFirst() }
        recent.append(point)
        if let last = points.last, intervalsInLast < intervalsPerPoint, last.isWarmup == point.isWarmup {
            points[points.count - 1].append(point)
            intervalsInLast += 1
        } else {
            points.append(point)
            intervalsInLast = 1
        }
        if points.count > LoadTimeline.maximumPoints { halve() }
    }

    private mutating func halve() {
        points = LoadTimeline.pairwise(points)
        intervalsPerPoint *= 2
        // Whatever the last one is made of, the next one begins anew.
        intervalsInLast = intervalsPerPoint
    }

    /// Two neighbours become one; the warm-up and what follows it stay apart.
    static func pairwise(_ points: [LoadPoint]) -> [LoadPoint] {
        var merged: [LoadPoint] = []
        merged.reserveCapacity(points.count / 2 + 1)
        var rest = points[...]
        while var point = rest.popFirst() {
            if let next = rest.first, next.isWarmup == point.isWarmup {
                point.append(next)
                rest.removeFirst()
            }
            merged.append(point)
        }
        return merged
    }
}
