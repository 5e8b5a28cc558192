/// A password that does not show itself in descriptions, string interpolation or `dump`.
public struct RedisSecret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// The password itself, for the `AUTH` command only.
    let revealed: String

    /// Wraps a password.
    public init(_ password: String) {
        revealed = password
    }

    /// Three stars.
    public var description: String { "***" }
    /// Three stars.
    public var debugDescription: String { "***" }
    /// Nothing to see.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
