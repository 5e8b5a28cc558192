import CLibpq

/// libpq's own parser for URLs and conninfo strings.
enum LibpqConninfo {
    /// The keywords that are set, or what is wrong.
    static func parse(_ text: String) -> Result<[(keyword: String, value: String)], ParseFailure> {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(text, &message) else {
            defer { PQfreemem(message) }
            return .failure(ParseFailure(reason: message.map { String(cString: $0) } ?? "out of memory"))
        }
        defer { PQconninfoFree(options) }
        var parameters: [(keyword: String, value: String)] = []
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val {
                parameters.append((String(cString: keyword), String(cString: value)))
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
