import ArgumentParser

/// The value of `--watch`: seconds between two looks.
struct WatchInterval: ExpressibleByArgument, Sendable, Equatable, CustomStringConvertible {
    var seconds: Double

    /// What `--watch` alone means.
    static let usual = WatchInterval(seconds: 2)
    /// More often nobody can read; less often is a matter for cron.
    static let range = 0.1...3600

    init(seconds: Double) {
        self.seconds = seconds
    }

    init?(argument: String) {
        guard let seconds = Double(argument), WatchInterval.range.contains(seconds) else { return nil }
        self.init(seconds: seconds)
    }

    var description: String { seconds == seconds.rounded() ? String(Int(seconds)) : String(seconds) }
    var defaultValueDescription: String { description }
    var duration: Duration { .seconds(seconds) }
}
