import Foundation

/// Places values along an axis, and knows where its marks stand.
struct AxisScale: Sendable {
    enum Kind: Sendable { case linear, logarithmic }

    let kind: Kind
    let low: Double
    let high: Double
    /// Ascending.
    let ticks: [Double]

    /// From 0 to a round number that is not below `greatest`.
    static func counts(upTo greatest: Double, ticks wanted: Int = 4) -> AxisScale {
        let step = max(niceStep(max(greatest, 1e-9) / Double(wanted)), 1)
        let high = max(1, (greatest / step).rounded(.up)) * step
        let count = Int((high / step).rounded())
        return AxisScale(kind: .linear, low: 0, high: high, ticks: (0...count).map { Double($0) * step })
    }

    /// Seconds since the start, with marks at steps that a clock has.
    static func time(from start: Double, to end: Double, ticks wanted: Int) -> AxisScale {
        let high = max(end, start + 0.001)
        let steps: [Double] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400]
        let step = steps.first { (high - start) / $0 <= Double(wanted) } ?? 86_400
        let first = (start / step).rounded(.up)
        let last = max(first, (high / step).rounded(.down))
        return AxisScale(
            kind: .linear,
            low: start,
            high: high,
            ticks: stride(from: first, through: last, by: 1).map { $0 * step }
        )
    }

    /// Powers of ten around the values, which are above 0; at least one whole decade.
    static func logarithmic(from lowest: Double, to highest: Double) -> AxisScale {
        let low = max(lowest, 1)
        let first = floor(log10(low))
        let last = max(first + 1, ceil(log10(max(highest, low))))
        let powers = stride(from: first, through: last, by: 1).map { pow(10, $0) }
        return AxisScale(kind: .logarithmic, low: pow(10, first), high: pow(10, last), ticks: powers)
    }

    /// From 0 at the low end to 1 at the high end; what is beyond stays at the end.
    func position(_ value: Double) -> Double {
        let share: Double =
            switch kind {
            case .linear: (value - low) / (high - low)
            case .logarithmic: value > 0 ? (log10(value) - log10(low)) / (log10(high) - log10(low)) : 0
            }
        return min(1, max(0, share))
    }

    /// 1, 2 or 5 times a power of ten, not below `step`.
    private static func niceStep(_ step: Double) -> Double {
        let power = pow(10, floor(log10(step)))
        return ([1, 2, 5, 10].first { $0 * power >= step } ?? 10) * power
    }
}
