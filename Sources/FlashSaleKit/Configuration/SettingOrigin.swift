/// Where a setting got its value.
public enum SettingOrigin: Sendable, Equatable, CustomStringConvertible {
    /// Nobody set it.
    case builtIn
    /// An option on the command line, e.g. `--port`.
    case flag(String)
    /// An environment variable, by name.
    case environment(String)
    /// A line of a configuration file; lines count from 1.
    case file(path: String, line: Int)

    /// As a sentence about the value names it.
    public var description: String {
        switch self {
        case .builtIn: "default"
        case .flag(let name): name
        case .environment(let name): "environment variable \(name)"
        case .file(let path, let line): "\(path):\(line)"
        }
    }
}

/// A value together with where it came from.
public struct Setting<Value: Sendable & Equatable>: Sendable, Equatable {
    /// The value that counts.
    public var value: Value
    /// Who set it.
    public var origin: SettingOrigin

    /// A value from this origin.
    public init(_ value: Value, origin: SettingOrigin) {
        self.value = value
        self.origin = origin
    }
}
