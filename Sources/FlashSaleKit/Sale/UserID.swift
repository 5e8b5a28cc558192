/// A user: 1–255 bytes of UTF-8 without control characters, compared byte by byte as Redis and Postgres do.
///
/// `String` compares by canonical equivalence: `é` composed and decomposed are one key of a Dictionary, but two users
/// in both stores. So no `String` stands for a user: this type is the only door between text and ids.
public struct UserID: Sendable {
    /// Longest id in bytes. An index entry of Postgres takes ten times that, a request line three times for each byte.
    public static let maximumLength = 255

    /// Hidden: whatever compares it as a text would merge users.
    private let storage: String

    /// Nil unless the bytes keep the rule of ``isValid(_:)``.
    public init?(_ bytes: some Collection<UInt8>) {
        guard UserID.isValid(bytes) else { return nil }
        storage = String(decoding: bytes, as: UTF8.self)
    }

    /// Nil unless the text keeps the rule of ``isValid(_:)``.
    public init?(_ text: String) {
        guard UserID.isValid(text.utf8) else { return nil }
        storage = text
    }

    /// What a store has on record, whether or not it keeps today's rule; nil when it is no UTF-8, which no script
    /// writes. Records without a user have an empty one: see ``isEmpty``.
    public init?(recorded bytes: some Collection<UInt8>) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        storage = text
    }

    /// A text column of Postgres, which is UTF-8 by the encoding of the connection.
    public init(recorded text: String) {
        storage = text
    }

    /// Of records that are about no user.
    public static let empty = UserID(recorded: "")

    /// Whether the record is about no user.
    public var isEmpty: Bool { storage.utf8.isEmpty }

    /// The bytes.
    public var utf8: String.UTF8View { storage.utf8 }

    /// The bytes as text, exactly, for JSON, CSV and programs. Do not compare it, and do not show it to people: that is
    /// what ``description`` is for.
    public var text: String { storage }

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

    /// What is wrong with bytes that ``isValid(_:)`` refuses, as a sentence.
    ///
    /// - Parameter name: how the sentence calls the id, e.g. `user_id`.
    public static func fault(of bytes: some Collection<UInt8>, name: String) -> String {
        let rule = "\(name) is 1 to \(maximumLength) bytes of UTF-8 without control characters"
        return bytes.count > maximumLength ? "\(rule), not \(bytes.count) bytes." : "\(rule)."
    }
}

extension UserID: Hashable, Comparable {
    /// Whether the bytes are the same.
    public static func == (left: UserID, right: UserID) -> Bool {
        left.storage.utf8.count == right.storage.utf8.count && left.storage.utf8.elementsEqual(right.storage.utf8)
    }

    /// The order of the bytes, which is that of `collate "C"`.
    public static func < (left: UserID, right: UserID) -> Bool {
        left.storage.utf8.lexicographicallyPrecedes(right.storage.utf8)
    }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) {
        let isWhole: Void? = storage.utf8.withContiguousStorageIfAvailable {
            hasher.combine(bytes: UnsafeRawBufferPointer($0))
        }
        if isWhole == nil { for byte in storage.utf8 { hasher.combine(byte) } }
        // No id holds it: ids in a row are not taken for others that are cut elsewhere.
        hasher.combine(0xFF as UInt8)
    }
}

extension UserID: CustomStringConvertible {
    /// For people: what is invisible or turns the direction is written as an escape, so that two users never look alike
    /// because of it. See ``VisibleText``.
    public var description: String { VisibleText.escaped(storage) }
}

extension UserID: PostgresValue {
    /// text
    public static var postgresType: PostgresType { .text }
    /// The bytes.
    public func appendPostgresBytes(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: storage.utf8)
    }
}
