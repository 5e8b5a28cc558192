import ArgumentParser
import FlashSaleKit

/// `--preset`
enum LoadPreset: String, ExpressibleByArgument, CaseIterable, Sendable {
    case megaload, k6, hour

    var scenario: LoadScenario {
        switch self {
        case .megaload: .megaload
        case .k6: .k6
        case .hour: .hour
        }
    }
}

extension LoadArrivals: ExpressibleByArgument {}

/// `--spike-at`
enum LoadStart: String, ExpressibleByArgument, CaseIterable, Sendable {
    case now
    case nextHour = "next-hour"
}

/// Requests per second.
struct LoadRateArgument: ExpressibleByArgument, Sendable, Equatable {
    var perSecond: Double

    init?(argument: String) {
        guard let rate = LoadRateText.rate(argument), rate > 0 else { return nil }
        perSecond = rate
    }

    var defaultValueDescription: String { "\(NumberText.decimal(perSecond, digits: 0))/s" }
}

/// Rates, and how long it takes to get there.
struct LoadStagesArgument: ExpressibleByArgument, Sendable, Equatable {
    var stages: [LoadStage]

    init?(argument: String) {
        guard let stages = LoadRateText.stages(argument) else { return nil }
        self.stages = stages
    }

    var defaultValueDescription: String { "" }
}

/// A length of time of a load test.
struct LoadDurationArgument: ExpressibleByArgument, Sendable, Equatable {
    var seconds: Double

    init?(argument: String) {
        guard let milliseconds = DurationText.milliseconds(argument) else { return nil }
        seconds = Double(milliseconds) / 1000
        guard seconds <= LoadRateText.longestSeconds else { return nil }
    }

    var defaultValueDescription: String { DurationText.text(milliseconds: Int64(seconds * 1000)) }
}
