import ArgumentParser

/// Seconds between two reports of `--watch`.
struct WatchInterval: ExpressibleByArgument, Sendable, Equatable {
    var seconds: Double

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
        guard (0.1...3600).contains(seconds) else {
            throw ValidationError("--watch takes 0.1 to 3600 seconds, not \(seconds).")
        }
    }

    var duration: Duration { .milliseconds(Int64(seconds * 1000)) }

    var defaultValueDescription: String { NumberText.decimal(seconds, digits: 0) }
}
