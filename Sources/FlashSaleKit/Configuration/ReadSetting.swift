/// A setting as it was read, for people who ask what counts and why.
public struct ReadSetting: Sendable, Equatable {
    /// Its name.
    public let key: SettingKey
    /// Its value as it could be given; nil when nobody set it and there is no default. It may hold a password.
    let text: String?
    /// Who set it.
    public let origin: SettingOrigin

    init(key: SettingKey, text: String?, origin: SettingOrigin) {
        self.key = key
        self.text = text
        self.origin = origin
    }

    /// Its value without secrets; nil when it has none.
    ///
    /// - Throws: ``RedisError`` or ``PostgresError`` for an address that nobody can use: what may be shown of it is not
    ///   known. The message quotes no secret.
    public func shown() throws -> String? {
        guard let text else { return nil }
        switch key {
        case .redis: return try RedisEndpoint(parsing: text).description
        case .postgres: return try PostgresEndpoint(parsing: text).redacted
        default: return key.isSecret ? "***" : text
        }
    }
}
