/// The rule for user ids: 1–64 bytes of UTF-8 without control characters.
public enum UserID {
    /// Longest id in bytes.
    public static let maximumLength = 64

    /// Whether these bytes may be a user id. What passes here passes in Redis and Postgres too.
    public static func isValid(_ bytes: some Collection<UInt8>) -> Bool {
        guard (1...maximumLength).contains(bytes.count) else { return false }
        var ascii = true
        for byte in bytes {
            if byte < 0x20 || byte == 0x7F { return false }
            if byte >= 0x80 { ascii = false }
        }
        if ascii { return true }
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        // C1 control characters, U+0080…U+009F, take two bytes in UTF-8.
        return !text.unicodeScalars.contains { (0x80...0x9F).contains($0.value) }
    }
}
