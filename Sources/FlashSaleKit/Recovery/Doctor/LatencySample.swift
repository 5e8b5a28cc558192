/// How long a store takes for the smallest question, asked several times.
struct LatencySample: Sendable, Equatable {
    /// Microseconds.
    let median: Int64
    /// Microseconds.
    let longest: Int64
    let count: Int

    /// Above this many microseconds in the median somebody should look: each checkout and each drain waits so long.
    static let slow: Int64 = 10_000

    /// - Parameter times: microseconds; at least one.
    init(times: [Int64]) {
        let sorted = times.sorted()
        median = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
        longest = sorted.last ?? 0
        count = sorted.count
    }

    /// Asks `count` times, one after the other.
    static func measure(_ count: Int, _ ask: () async throws -> Void) async throws -> LatencySample {
        var times: [Int64] = []
        for _ in 0..<count {
            let asked = ContinuousClock.now
            try await ask()
            times.append((ContinuousClock.now - asked).microseconds)
        }
        return LatencySample(times: times)
    }

    /// - Parameters:
    ///   - question: for instance `PING`.
    ///   - fix: what to do when it is slow.
    func check(_ name: DeepCheck.Name, _ question: String, fix: String) -> DeepCheck {
        let sentence =
            "\(question) takes \(LatencySample.text(median)) in the median, \(LatencySample.text(longest)) at most"
            + " (\(count) times)."
        return median < LatencySample.slow ? .ok(name, sentence) : .warning(name, sentence, fix: fix)
    }

    private static func text(_ microseconds: Int64) -> String {
        if microseconds < 1000 { return "\(microseconds) µs" }
        let tenths = (microseconds + 50) / 100
        return "\(tenths / 10).\(tenths % 10) ms"
    }
}
