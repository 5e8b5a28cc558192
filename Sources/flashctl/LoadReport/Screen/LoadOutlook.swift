import Foundation

/// What is known of a load test before it runs: for whoever waits for its end.
struct LoadOutlook: Sendable, Equatable {
    var title: String
    var target: String
    var model: LoadRecord.Model
    /// Seconds of load with the warm-up, by the plan; nil when the number of requests ends it.
    var seconds: Double?
    /// Requests by the plan; nil when the time ends it.
    var requests: UInt64?

    /// How much is done, 0…1; nil when nobody knows.
    ///
    /// - Parameter sent: requests of the plan.
    func share(seconds elapsed: Double, sent: UInt64) -> Double? {
        var shares: [Double] = []
        if let seconds, seconds > 0 { shares.append(elapsed / seconds) }
        if let requests, requests > 0 { shares.append(Double(sent) / Double(requests)) }
        // Whichever comes first ends the run.
        return shares.max().map { min(1, max(0, $0)) }
    }

    /// Seconds that are left; nil when nobody knows.
    func secondsLeft(seconds elapsed: Double, sent: UInt64, perSecond rate: Double) -> Double? {
        var left: [Double] = []
        if let seconds { left.append(seconds - elapsed) }
        if let requests, rate > 0 { left.append(Double(requests - min(requests, sent)) / rate) }
        return left.min().map { max(0, $0) }
    }

    /// `0:07`, `12:34`, `1:02:03`.
    static func clock(_ seconds: Double) -> String {
        let whole = Int(max(0, seconds).rounded())
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
        let hours = whole / 3600
        let minutes = whole / 60 % 60
        return hours > 0
            ? "\(hours):\(two(minutes)):\(two(whole % 60))" : "\(minutes):\(two(whole % 60))"
    }
}
