/// The server that a load test shoots at: `http://host:port`.
struct LoadTarget: Sendable, Equatable, CustomStringConvertible {
    var host: String
    var port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `http://host[:port][/]`; IPv6 addresses stand in brackets.
    init(parsing text: String) throws(CommandFailure) {
        func refused(_ why: String) -> CommandFailure {
            CommandFailure(.usage, "the target `\(text)` \(why)", nextStep: "write it as http://host:port")
        }
        guard text.lowercased().hasPrefix("http://") else {
            throw refused(
                text.lowercased().hasPrefix("https:") ? "needs TLS, which load tests do not speak" : "is no URL"
            )
        }
        var authority = text.dropFirst("http://".count)
        if authority.hasSuffix("/") { authority = authority.dropLast() }
        var port = 80
        if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
            guard let number = Int(authority[authority.index(after: colon)...]), (1...65_535).contains(number) else {
                throw refused("has no port from 1 to 65535")
            }
            port = number
            authority = authority[..<colon]
        }
        let bracketed = authority.hasPrefix("[") && authority.hasSuffix("]")
        let host = bracketed ? authority.dropFirst().dropLast() : authority
        let allowed = host.allSatisfy { character in
            character.isASCII
                && (character.isLetter || character.isNumber || "-._".contains(character)
                    || bracketed && ":%".contains(character))
        }
        guard !host.isEmpty, allowed else { throw refused("names no host, or more than a host and a port") }
        self.init(host: String(host), port: port)
    }

    /// Value of the Host header.
    var authority: String {
        (host.contains(":") ? "[\(host)]" : host) + ":\(port)"
    }

    var description: String { "http://\(authority)" }
}
