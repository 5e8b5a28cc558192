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

    /// Takes any text: the parser would fall back to the usual interval for one that is refused here. Commands call
    /// ``validate()`` when they validate.
    init?(argument: String) {
        self.init(seconds: Double(argument) ?? .nan)
    }

    /// Whether it is a number in the range.
    var isUsable: Bool { WatchInterval.range.contains(seconds) }

    /// Says what is wrong with it.
    func validate() throws {
        if !isUsable { throw ValidationError("--watch takes 0.1 to 3600 seconds, as in --watch=2.") }
    }

    var description: String { isUsable && seconds == seconds.rounded() ? String(Int(seconds)) : String(seconds) }
    var defaultValueDescription: String { description }
    var duration: Duration { .seconds(seconds) }
}
