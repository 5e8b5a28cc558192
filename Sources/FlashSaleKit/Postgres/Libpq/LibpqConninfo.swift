import CLibpq

/// libpq's own parser for URLs and conninfo strings.
enum LibpqConninfo {
    /// A keyword that is set.
    struct Option {
        var keyword: String
        var value: String
        /// Whether libpq would hide it when somebody types it, or shows it to nobody.
        var isHidden: Bool
    }

    /// The keywords that are set, or what is wrong.
    static func parse(_ text: String) -> Result<[Option], ParseFailure> {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(text, &message) else {
            defer { PQfreemem(message) }
            return .failure(ParseFailure(reason: message.map { String(cString: $0) } ?? "out of memory"))
        }
        defer { PQconninfoFree(options) }
        var parameters: [Option] = []
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val {
                let display = option.pointee.dispchar.map { String(cString: $0) } ?? ""
                parameters.append(
                    Option(keyword: String(cString: keyword), value: String(cString: value), isHidden: !display.isEmpty)
                )
            }
            option += 1
        }
        return .success(parameters)
    }

    /// Why the text is no conninfo. It may quote the text, and so a password.
    struct ParseFailure: Error {
        let reason: String
    }
}
