/// Amounts of memory as people write them: `512MB`, `64kB`, `2GB`. Each step is 1,024 times the one before.
public enum ByteText {
    private static let units: [(name: String, shift: Int)] = [("GB", 30), ("MB", 20), ("kB", 10), ("B", 0)]

    /// Bytes of the text: a whole number and a unit of either case, or a number of bytes alone. Nil for anything else.
    public static func bytes(_ text: some StringProtocol) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let name = text.dropFirst(digits.count).lowercased()
        guard let number = Int(digits) else { return nil }
        if name.isEmpty { return number }
        guard let unit = units.first(where: { $0.name.lowercased() == name }) else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << unit.shift)
        return overflow ? nil : bytes
    }

    /// With at most one digit behind the point, e.g. `1.5 MB`.
    public static func text(_ bytes: Int) -> String {
        guard let unit = units.first(where: { bytes >= 1 << $0.shift }) else { return "\(bytes) B" }
        let tenths = Int((Double(bytes) * 10 / Double(1 << unit.shift)).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10) \(unit.name)" : "\(tenths / 10).\(tenths % 10) \(unit.name)"
    }

    /// As it could be given, and not rounded: `512MB`, `65537B`.
    public static func exact(_ bytes: Int) -> String {
        guard bytes > 0, let unit = units.first(where: { bytes % (1 << $0.shift) == 0 }) else { return "\(bytes)B" }
        return "\(bytes >> unit.shift)\(unit.name)"
    }
}
