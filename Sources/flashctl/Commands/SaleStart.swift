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

    init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    init?(argument: String) {
        guard let milliseconds = DurationText.milliseconds(argument) else { return nil }
        self.init(milliseconds: milliseconds)
    }

    var defaultValueDescription: String { DurationText.text(milliseconds: milliseconds) }
}
