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

    /// Nil for what is no number: then it is not the value of the option but the next argument.
    init?(argument: String) {
        guard let seconds = Double(argument) else { return nil }
        self.init(seconds: seconds)
    }

    /// Says what is wrong with it.
    func validate() throws {
        guard WatchInterval.range.contains(seconds) else {
            throw ValidationError("--watch takes 0.1 to 3600 seconds, not \(seconds).")
        }
    }

    var description: String { seconds == seconds.rounded() ? String(Int(seconds)) : String(seconds) }
    var defaultValueDescription: String { description }
    var duration: Duration { .seconds(seconds) }
}
