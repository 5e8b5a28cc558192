/// Reads the frame that all scripts share: status letter, time, fields.
struct ScriptReply {
    let status: ScriptStatus
    let now: Timestamp
    private let fields: [RedisReply]
    private let script: SaleScript

    /// - Throws: `.newerFormat` for a sale that only a newer program knows, `.noScript` when Redis does not know the
    ///   script, `.server` for any other error reply, `.unexpectedReply` for a reply that no script makes.
    init(_ reply: RedisReply, of script: SaleScript) throws(RedisError) {
        if case .error(let text) = reply { throw RedisError(serverReply: text) }
        guard case .array(let elements) = reply, elements.count >= 2,
            case .bulk(let letter) = elements[0], letter.count == 1, let status = ScriptStatus(rawValue: letter[0]),
            let now = elements[1].integerValue
        else {
            throw RedisError(.unexpectedReply, "the script \(script.rawValue) gave a reply without status and time")
        }
        if status == .newerFormat { throw ScriptReply.newerFormat(elements) }
        self.status = status
        self.now = Timestamp(microseconds: now)
        self.fields = elements
        self.script = script
    }

    private static func newerFormat(_ elements: [RedisReply]) -> RedisError {
        guard elements.count == 4, let format = elements[2].string, let key = elements[3].string,
            let sale = SaleKeys.sale(ofKey: key)
        else { return RedisError(.unexpectedReply, "a script refused the format of a sale and does not name it") }
        return RedisError(newerFormat: format, of: sale)
    }

    /// Hands the reply to `decode` if the call was decided.
    func answer<Decision>(
        _ decode: (ScriptReply) throws(RedisError) -> Decision
    ) throws(RedisError) -> ScriptAnswer<Decision> {
        guard status == .decided else { return .refused(status, now: now) }
        return .decided(try decode(self), now: now)
    }

    /// The integer at this position of the reply, counted from 0.
    func integer(_ position: Int) throws(RedisError) -> Int64 {
        guard position < fields.count, let value = fields[position].integerValue else { throw missing(position) }
        return value
    }

    /// The bytes at this position.
    func bytes(_ position: Int) throws(RedisError) -> [UInt8] {
        guard position < fields.count, case .bulk(let bytes) = fields[position] else { throw missing(position) }
        return bytes
    }

    /// The text at this position.
    func text(_ position: Int) throws(RedisError) -> String {
        String(decoding: try bytes(position), as: UTF8.self)
    }

    /// The elements of the array at this position.
    func elements(_ position: Int) throws(RedisError) -> [RedisReply] {
        guard position < fields.count, case .array(let elements) = fields[position] else { throw missing(position) }
        return elements
    }

    /// One letter for each of `count` operations.
    func letters<Letter: RawRepresentable<UInt8>>(
        _ position: Int,
        count: Int
    ) throws(RedisError) -> [Letter] {
        let bytes = try bytes(position)
        let letters = bytes.compactMap { Letter(rawValue: $0) }
        guard bytes.count == count, letters.count == count else { throw missing(position) }
        return letters
    }

    /// The error for a field that is not there or not readable.
    func missing(_ position: Int) -> RedisError {
        RedisError(.unexpectedReply, "field \(position) of the reply of the script \(script.rawValue) is unreadable")
    }
}
