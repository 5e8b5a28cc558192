import ArgumentParser

/// How fast traffic is played again.
enum ReplaySpeed: ExpressibleByArgument, Sendable, Equatable {
    /// By this factor faster than it was.
    case times(Double)
    /// Without waiting.
    case max

    /// Factors beyond these are mistakes.
    private static let range = 0.01...10_000

    init?(argument: String) {
        if argument == "max" {
            self = .max
            return
        }
        let digits = argument.hasSuffix("x") ? argument.dropLast() : argument[...]
        guard let factor = Double(digits), ReplaySpeed.range.contains(factor) else { return nil }
        self = .times(factor)
    }

    var factor: Double? {
        if case .times(let factor) = self { factor } else { nil }
    }

    var defaultValueDescription: String {
        switch self {
        case .times(let factor): NumberText.decimal(factor, digits: factor.rounded() == factor ? 0 : 2) + "x"
        case .max: "max"
        }
    }
}
