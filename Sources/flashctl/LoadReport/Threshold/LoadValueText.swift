/// Values of metrics as people read and write them.
enum LoadValueText {
    /// For instance `12.4 ms`, `3,000/s`, `0.1 %`, `17`.
    static func text(_ value: Double, _ unit: LoadMetric.Unit) -> String {
        switch unit {
        case .nanoseconds: NumberText.latency(nanoseconds: UInt64(max(0, value)))
        case .perSecond: "\(number(value))/s"
        case .percent: "\(number(value)) %"
        case .number: number(value)
        }
    }

    /// As many digits as mean something: three, and no fraction from a hundred on.
    static func number(_ value: Double) -> String {
        if value == value.rounded(), value.magnitude < 1e15 { return NumberText.decimal(value, digits: 0) }
        return switch value.magnitude {
        case 100...: NumberText.decimal(value, digits: 0)
        case 10...: NumberText.decimal(value, digits: 1)
        case 0.1...: NumberText.decimal(value, digits: 2)
        default: NumberText.decimal(value, digits: 4)
        }
    }

    /// Reads a number with its unit; nil when it is none.
    static func read(_ text: some StringProtocol) -> (value: Double, unit: LoadMetric.Unit)? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard digits.first?.isNumber == true, let number = Double(digits), number.isFinite else { return nil }
        let rest = text.dropFirst(digits.count).drop { $0 == " " }
        switch rest {
        case "": return (number, .number)
        case "%": return (number, .percent)
        case "/s": return (number, .perSecond)
        case "ns": return (number, .nanoseconds)
        case "us", "µs", "μs": return (number * 1e3, .nanoseconds)
        case "ms": return (number * 1e6, .nanoseconds)
        case "s": return (number * 1e9, .nanoseconds)
        default: return nil
        }
    }
}
