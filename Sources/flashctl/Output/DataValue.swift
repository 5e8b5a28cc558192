import FlashSaleKit

/// What a command reports, independent of the format in which it is written. Records keep their order.
indirect enum DataValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case string(String)
    case list([DataValue])
    case record([Field])

    struct Field: Equatable, Sendable {
        var name: String
        var value: DataValue
    }

    /// A record of these fields in this order.
    static func fields(_ fields: KeyValuePairs<String, DataValue>) -> DataValue {
        .record(fields.map { Field(name: $0.key, value: $0.value) })
    }

    static func integer(_ value: Int) -> DataValue { .integer(Int64(value)) }

    /// The text, or null.
    static func optional(_ text: String?) -> DataValue { text.map { .string($0) } ?? .null }

    /// The exact text of a user, or null: programs get what was sent, people get ``UserID/description``.
    static func user(_ user: UserID?) -> DataValue { .optional(user?.text) }
}
