/// Durations as people write them: `5m`, `90s`, `1h30m`, `250ms`.
public enum DurationText {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// Milliseconds of the text, nil unless it is a sequence of whole numbers each followed by d, h, m, s or ms.
    public static func milliseconds(_ text: some StringProtocol) -> Int64? {
        var rest = Substring(text)
        var total: Int64 = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            let name = rest.dropFirst(digits.count).prefix { $0.isASCII && $0.isLetter }
            guard let number = Int64(digits), let unit = units.first(where: { $0.name == name }) else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: unit.milliseconds)
            let (sum, sumOverflow) = total.addingReportingOverflow(product)
            if overflow || sumOverflow { return nil }
            total = sum
            rest = rest.dropFirst(digits.count + name.count)
        }
        return total
    }

    /// The shortest such text, e.g. `1h30m`; `0s` for nothing.
    public static func text(milliseconds: Int64) -> String {
        var rest = milliseconds
        var output = ""
        for unit in units where rest >= unit.milliseconds {
            output += "\(rest / unit.milliseconds)\(unit.name)"
            rest %= unit.milliseconds
        }
        return output.isEmpty ? "0s" : output
    }
}
