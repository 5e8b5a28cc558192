import FlashSaleKit
import Foundation

/// A part of the open model: the rate goes in a straight line to `rate` within `seconds`; at once when they are 0.
struct LoadStage: Sendable, Equatable {
    /// Requests per second at the end of the stage.
    var rate: Double
    var seconds: Double
}

/// How the requests of the open model follow each other.
enum LoadArrivals: String, Sendable, CaseIterable {
    /// At equal distances.
    case constant
    /// As people come who know nothing of each other.
    case poisson
}

/// Reads what `--rate` and `--stages` say.
enum LoadRateText {
    /// Requests per second beyond this are mistakes.
    static let highestRate = 1_000_000.0
    /// Longest load.
    static let longestSeconds = 86_400.0

    /// `2000/s`, `2000`, `90/m` as requests per second; nil for anything else.
    static func rate(_ text: some StringProtocol) -> Double? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let number = parts.first.flatMap({ Double($0) }), number >= 0, number.isFinite, parts.count <= 2 else {
            return nil
        }
        let divisor: Double
        switch parts.count == 2 ? String(parts[1]) : "s" {
        case "s": divisor = 1
        case "m", "min": divisor = 60
        case "h": divisor = 3600
        default: return nil
        }
        let rate = number / divisor
        return rate <= highestRate ? rate : nil
    }

    /// `0:10s,5000:30s,20000:5s` as stages; nil for anything else.
    static func stages(_ text: String) -> [LoadStage]? {
        var stages: [LoadStage] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let words = part.split(separator: ":", omittingEmptySubsequences: false)
            guard words.count == 2, let rate = rate(words[0]), let milliseconds = DurationText.milliseconds(words[1])
            else { return nil }
            stages.append(LoadStage(rate: rate, seconds: Double(milliseconds) / 1000))
        }
        let seconds = stages.reduce(0) { $0 + $1.seconds }
        return seconds > 0 && seconds <= longestSeconds ? stages : nil
    }
}

/// The power of a positive number.
func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
