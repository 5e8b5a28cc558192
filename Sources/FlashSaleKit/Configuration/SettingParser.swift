import Logging

/// Turns the text of a setting into its value, and says in words what it takes.
struct SettingParser<Value: Sendable & Equatable> {
    /// Completes the sentence "give …".
    let wanted: String
    /// Writes a value as it could be given.
    let text: (Value) -> String
    /// Nil for a text that is no such value.
    let parse: (String) -> Value?
}

extension SettingParser<String> {
    static var text: SettingParser {
        SettingParser(wanted: "a text that is not empty", text: { $0 }) { $0.isEmpty ? nil : $0 }
    }
}

extension SettingParser<Int> {
    static func integer(_ range: ClosedRange<Int>) -> SettingParser {
        SettingParser(
            wanted: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            text: { "\($0)" }
        ) { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension SettingParser<Int> {
    static var bytes: SettingParser {
        SettingParser(wanted: "an amount of memory from 64kB on, e.g. 512MB", text: ByteText.exact) { text in
            ByteText.bytes(text).flatMap { $0 >= 64 << 10 ? $0 : nil }
        }
    }

    /// Bytes from that many kB to that many.
    static func size(_ kilobytes: ClosedRange<Int>) -> SettingParser {
        let range = kilobytes.lowerBound << 10...kilobytes.upperBound << 10
        return SettingParser(
            wanted: "an amount of memory from \(kilobytes.lowerBound)kB to \(kilobytes.upperBound)kB, e.g. 16kB",
            text: ByteText.exact
        ) { text in
            ByteText.bytes(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension SettingParser<Double> {
    static var share: SettingParser {
        SettingParser(
            wanted: "a share from 0 to 1, e.g. 0.01",
            text: { $0 == $0.rounded() ? "\(Int($0))" : "\($0)" }
        ) { text in
            // No `nan`, no `0x1p-1`: digits and one point.
            guard text.allSatisfy({ $0 == "." || ("0"..."9").contains($0) }) else { return nil }
            return Double(text).flatMap { (0...1).contains($0) ? $0 : nil }
        }
    }
}

extension SettingParser<Bool> {
    static var boolean: SettingParser {
        SettingParser(wanted: "true or false", text: { $0 ? "true" : "false" }) { text in
            switch text.lowercased() {
            case "true", "yes", "on", "1": true
            case "false", "no", "off", "0": false
            default: nil
            }
        }
    }
}

extension SettingParser<Logger.Level> {
    static var logLevel: SettingParser {
        let names = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        return SettingParser(wanted: "one of \(names)", text: \.rawValue) { text in
            // The original program and many others say `warn`.
            let name = text.lowercased() == "warn" ? "warning" : text.lowercased()
            return Logger.Level(rawValue: name)
        }
    }
}

extension SettingParser<Int64> {
    static var hold: SettingParser {
        duration(1000...86_400_000, "a duration from 1s to 24h, e.g. 5m") { DurationText.text(milliseconds: $0) }
    }

    static var idleTime: SettingParser {
        duration(1000...86_400_000, "a duration from 1s to 24h, e.g. 75s", text: inSeconds)
    }

    static var shutdownDelay: SettingParser {
        duration(0...300_000, "a duration from 0s to 5m, e.g. 5s", text: inSeconds)
    }

    /// As the manuals of balancers count, to be compared with them: 75s, not 1m15s.
    private static func inSeconds(_ milliseconds: Int64) -> String {
        milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : DurationText.text(milliseconds: milliseconds)
    }

    /// Milliseconds.
    private static func duration(
        _ range: ClosedRange<Int64>,
        _ wanted: String,
        text: @escaping (Int64) -> String
    ) -> SettingParser {
        SettingParser(wanted: wanted, text: text) { text in
            DurationText.milliseconds(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    static var keepFinished: SettingParser {
        let range: ClosedRange<Int64> = 600_000...2_592_000_000
        return SettingParser(
            wanted: "a duration from 10m to 30d, e.g. 12h",
            text: { DurationText.text(milliseconds: $0) }
        ) { text in
            DurationText.milliseconds(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}
