/// One bound value, ready for the wire.
struct PostgresBind: Sendable, Equatable {
    /// Type of the value; 0 lets the server take it from the context.
    var oid: UInt32
    /// Binary or text; text ends with a NUL.
    var binary: Bool
    /// Nil is NULL.
    var bytes: [UInt8]?
}

/// A type of Postgres, by its number in `pg_type`.
public struct PostgresType: Sendable {
    let oid: UInt32
    let arrayOID: UInt32

    static let int8 = PostgresType(oid: 20, arrayOID: 1016)
    static let int4 = PostgresType(oid: 23, arrayOID: 1007)
    static let bool = PostgresType(oid: 16, arrayOID: 1000)
    static let text = PostgresType(oid: 25, arrayOID: 1009)
    static let bytea = PostgresType(oid: 17, arrayOID: 1001)
    static let timestamptz = PostgresType(oid: 1184, arrayOID: 1185)
}

/// A value that can be bound to a parameter of a statement.
public protocol PostgresValue: Sendable {
    /// The type it is bound as.
    static var postgresType: PostgresType { get }
    /// Appends the binary form of that type.
    func appendPostgresBytes(to bytes: inout [UInt8])
}

extension Int64: PostgresValue {
    /// int8
    public static var postgresType: PostgresType { .int8 }
    /// The binary form of int8.
    public func appendPostgresBytes(to bytes: inout [UInt8]) {
        bytes.append(bigEndian: self)
    }
}

extension Int: PostgresValue {
    /// int8
    public static var postgresType: PostgresType { .int8 }
    /// The binary form of int8.
    public func appendPostgresBytes(to bytes: inout [UInt8]) {
        bytes.append(bigEndian: Int64(self))
    }
}

extension Int32: PostgresValue {
    /// int4
    public static var postgresType: PostgresType { .int4 }
    /// The binary form of int4.
    public func appendPostgresBytes(to bytes: inout [UInt8]) {
        bytes.append(bigEndian: self)
    }
}

extension Bool: PostgresValue {
    /// bool
    public static var postgresType: PostgresType { .bool }
    /// The binary form of bool.
    public func appendPostgresBytes(to bytes: inout [UInt8]) {
        bytes.append(self ? 1 : 0)
    }
}

extension String: PostgresValue {
    /// text
    public static var postgresType: PostgresType { .text }
    /// The binary form of text.
    public func appendPostgresBytes(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: utf8)
    }
}

extension Array: PostgresValue where Element == UInt8 {
    /// bytea
    public static var postgresType: PostgresType { .bytea }
    /// The binary form of bytea.
    public func appendPostgresBytes(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: self)
    }
}

extension HoldID: PostgresValue {
    /// bytea
    public static var postgresType: PostgresType { .bytea }
    /// The binary form of bytea.
    public func appendPostgresBytes(to bytes: inout [UInt8]) {
        bytes.append(bigEndian: high)
        bytes.append(bigEndian: low)
    }
}

extension SaleID: PostgresValue {
    /// int8
    public static var postgresType: PostgresType { .int8 }
    /// The binary form of int8.
    public func appendPostgresBytes(to bytes: inout [UInt8]) {
        bytes.append(bigEndian: rawValue)
    }
}

extension Timestamp: PostgresValue {
    /// Postgres counts from 2000-01-01T00:00:00Z: microseconds between the two beginnings.
    static let postgresOffset: Int64 = 946_684_800_000_000

    /// timestamptz
    public static var postgresType: PostgresType { .timestamptz }
    /// The binary form of timestamptz.
    public func appendPostgresBytes(to bytes: inout [UInt8]) {
        bytes.append(bigEndian: microseconds - Timestamp.postgresOffset)
    }
}

extension PostgresBind {
    init(_ value: some PostgresValue) {
        if let text = value as? String {
            // Like a literal: the server takes the type from the context (text, uuid, jsonb, "char" …).
            self.init(oid: 0, binary: false, bytes: Array(text.utf8) + [0])
        } else {
            var bytes: [UInt8] = []
            value.appendPostgresBytes(to: &bytes)
            self.init(oid: type(of: value).postgresType.oid, binary: true, bytes: bytes)
        }
    }

    init<Value: PostgresValue>(null: Value.Type) {
        self.init(oid: Value.self == String.self ? 0 : Value.postgresType.oid, binary: true, bytes: nil)
    }

    /// The binary form of an array: dimensions, flags, element type, length, lower bound, then the elements.
    init<Value: PostgresValue>(array: [Value]) {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: Int32(array.isEmpty ? 0 : 1))
        bytes.append(bigEndian: Int32(0))
        bytes.append(bigEndian: Value.postgresType.oid)
        if !array.isEmpty {
            bytes.append(bigEndian: Int32(array.count))
            bytes.append(bigEndian: Int32(1))
        }
        for element in array {
            let lengthAt = bytes.count
            bytes.append(bigEndian: Int32(0))
            element.appendPostgresBytes(to: &bytes)
            let length = UInt32(bytes.count - lengthAt - 4)
            for position in 0..<4 {
                bytes[lengthAt + position] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * position))
            }
        }
        self.init(oid: Value.postgresType.arrayOID, binary: true, bytes: bytes)
    }

    /// A text bind is a C string: a NUL within it would cut it off silently.
    var holdsStrayNUL: Bool {
        guard !binary, let bytes else { return false }
        return bytes.dropLast().contains(0)
    }
}

extension [UInt8] {
    mutating func append(bigEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }
}
