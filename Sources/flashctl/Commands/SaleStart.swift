import ArgumentParser
import FlashSaleKit

/// When a sale opens.
enum SaleStart: ExpressibleByArgument, Sendable, Equatable {
    case now, thisHour, nextHour
    case at(Timestamp)

    init?(argument: String) {
        switch argument {
        case "now": self = .now
        case "this-hour": self = .thisHour
        case "next-hour": self = .nextHour
        default:
            guard let time = TimeText.parse(argument) else { return nil }
            self = .at(time)
        }
    }

    var defaultValueDescription: String {
        switch self {
        case .now: "now"
        case .thisHour: "this-hour"
        case .nextHour: "next-hour"
        case .at(let time): time.rfc3339
        }
    }

    /// The time that is meant, seen from `now`.
    func time(at now: Timestamp) -> Timestamp {
        switch self {
        // Whole seconds read better, and two stores need not agree on less.
        case .now: Timestamp(seconds: now.microseconds / 1_000_000)
        case .thisHour: now.startOfHour
        case .nextHour: now.startOfHour.adding(milliseconds: 3_600_000)
        case .at(let time): time
        }
    }
}

/// An exact time on the command line, e.g. `2026-12-24T18:00:00Z`.
struct TimeArgument: ExpressibleByArgument, Sendable, Equatable {
    var time: Timestamp

    init?(argument: String) {
        guard let time = TimeText.parse(argument) else { return nil }
        self.time = time
    }

    var defaultValueDescription: String { time.rfc3339 }
}

/// A duration on the command line, e.g. `90m`.
struct DurationArgument: ExpressibleByArgument, Sendable, Equatable {
    var milliseconds: Int64
    /// The text that is no duration.
    private var wrong: String?

    init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// Takes any text: for one that is refused here the parser would not say what is missing. Commands call
    /// ``validate(_:)`` when they validate.
    init?(argument: String) {
        let milliseconds = DurationText.milliseconds(argument)
        self.init(milliseconds: milliseconds ?? 0)
        if milliseconds == nil { wrong = argument }
    }

    /// Says what is wrong with it.
    ///
    /// - Parameter option: the option that it was given to.
    func validate(_ option: String) throws {
        guard let wrong else { return }
        if !wrong.isEmpty, wrong.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            throw ValidationError("\(option) \(wrong) lacks a unit: write \(wrong)s, \(wrong)m or \(wrong)h.")
        }
        throw ValidationError("\(option) takes a time with its unit, such as 90s, 5m or 1h, not '\(wrong)'.")
    }

    var defaultValueDescription: String { DurationText.text(milliseconds: milliseconds) }
}
