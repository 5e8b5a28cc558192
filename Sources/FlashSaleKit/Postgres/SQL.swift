/// A statement whose interpolated values are bound, never pasted:
///
///     let sql: SQL = "select unit from purchases where hold_id = any(\(holdIDs)) and sale_id = \(saleID)"
///
/// Strings are bound like literals, without a type, so the context decides (text, uuid, jsonb); where there is no
/// context, cast: `\(name)::text`. Statements that take no parameters (DDL, COPY, LISTEN) use `\(identifier:)` and
/// `\(literal:)`.
public struct SQL: ExpressibleByStringInterpolation, Sendable, CustomStringConvertible {
    /// The text between the binds: always one piece more than binds.
    private(set) var pieces: [String]
    private(set) var binds: [PostgresBind]

    /// A statement without values.
    public init(stringLiteral value: String) {
        pieces = [value]
        binds = []
    }

    /// Takes the text as it is. Never for anything that came from outside.
    public init(unsafeRaw text: String) {
        pieces = [text]
        binds = []
    }

    /// The statement as interpolated.
    public init(stringInterpolation: StringInterpolation) {
        pieces = stringInterpolation.pieces
        binds = stringInterpolation.binds
    }

    /// The text as sent, with `$1`, `$2` … in the place of values.
    public var text: String {
        var text = pieces[0]
        for (index, piece) in pieces.dropFirst().enumerated() {
            text += "$\(index + 1)\(piece)"
        }
        return text
    }

    /// The text as sent. Values are not shown.
    public var description: String { text }

    /// Collects text and binds.
    public struct StringInterpolation: StringInterpolationProtocol {
        var pieces: [String]
        var binds: [PostgresBind] = []

        /// Starts empty.
        public init(literalCapacity: Int, interpolationCount: Int) {
            pieces = [""]
            pieces.reserveCapacity(interpolationCount + 1)
            binds.reserveCapacity(interpolationCount)
        }

        /// Text of the statement.
        public mutating func appendLiteral(_ literal: String) {
            pieces[pieces.count - 1] += literal
        }

        private mutating func append(_ bind: PostgresBind) {
            binds.append(bind)
            pieces.append("")
        }

        /// Binds a value.
        public mutating func appendInterpolation<Value: PostgresValue>(_ value: Value) {
            append(PostgresBind(value))
        }

        /// Binds a value or NULL.
        public mutating func appendInterpolation<Value: PostgresValue>(_ value: Value?) {
            if let value {
                append(PostgresBind(value))
            } else {
                append(PostgresBind(null: Value.self))
            }
        }

        /// Binds an array: `= any(\(ids))`, `unnest(\(names))`.
        public mutating func appendInterpolation<Value: PostgresValue>(_ values: [Value]) {
            append(PostgresBind(array: values))
        }

        /// Puts another statement, with its binds, in this place.
        public mutating func appendInterpolation(_ part: SQL) {
            appendLiteral(part.pieces[0])
            for (bind, piece) in zip(part.binds, part.pieces.dropFirst()) {
                append(bind)
                appendLiteral(piece)
            }
        }

        /// A quoted name of a table, column or channel.
        public mutating func appendInterpolation(identifier: String) {
            appendLiteral("\"" + identifier.doubling("\"") + "\"")
        }

        /// A number written into the text, for statements that take no parameters.
        public mutating func appendInterpolation(literal: some BinaryInteger) {
            appendLiteral("\(literal)")
        }

        /// A quoted string written into the text, for statements that take no parameters.
        public mutating func appendInterpolation(literal: String) {
            // standard_conforming_strings is set on every connection: a backslash is only a backslash.
            appendLiteral("'" + literal.doubling("'") + "'")
        }
    }
}

extension String {
    fileprivate func doubling(_ quote: Character) -> String {
        var result = ""
        for character in unicodeScalars {
            result.unicodeScalars.append(character)
            if quote.unicodeScalars.first == character { result.unicodeScalars.append(character) }
        }
        return result
    }
}
