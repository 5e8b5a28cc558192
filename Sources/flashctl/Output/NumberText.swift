/// Numbers for people.
enum NumberText {
    /// `1234567` as `1,234,567`.
    static func grouped(_ number: some BinaryInteger) -> String {
        let digits = Array(String(number.magnitude))
        var output = number < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { output.append(",") }
            output.append(digit)
        }
        return output
    }

    /// `1 row`, `1,234 rows`.
    static func counted(_ number: some BinaryInteger, _ word: String) -> String {
        "\(grouped(number)) \(word)\(number == 1 ? "" : "s")"
    }

    /// A rate or a share with as many digits as mean something.
    static func decimal(_ number: Double, digits: Int) -> String {
        guard number.isFinite else { return "-" }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = Int64((number.magnitude * scale).rounded())
        let whole = grouped(scaled / Int64(scale))
        let fraction = String(scaled % Int64(scale))
        let sign = number < 0 && scaled > 0 ? "-" : ""
        guard digits > 0 else { return sign + whole }
        return sign + whole + "." + String(repeating: "0", count: digits - fraction.count) + fraction
    }

    /// Nanoseconds in the unit that reads best: `850 µs`, `12.4 ms`, `1.25 s`.
    static func latency(nanoseconds: UInt64) -> String {
        let value = Double(nanoseconds)
        return switch nanoseconds {
        case ..<999_500: "\(decimal(value / 1e3, digits: 0)) µs"
        case ..<9_995_000: "\(decimal(value / 1e6, digits: 2)) ms"
        case ..<999_500_000: "\(decimal(value / 1e6, digits: 1)) ms"
        default: "\(decimal(value / 1e9, digits: 2)) s"
        }
    }
}
