/// Takes the text form of an endpoint apart. Its errors show the text without anything that could be a password.
struct RedisEndpointParser {
    /// Longest path that fits `sockaddr_un` on Linux, in bytes.
    static let longestSocketPath = 107

    private let text: String

    init(_ text: String) {
        self.text = text
    }

    mutating func parse() throws(RedisError) -> RedisEndpoint {
        guard !text.isEmpty else { throw bad("is empty") }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
            throw bad("contains a space or a control character")
        }
        guard let (scheme, rest) = split(Substring(text), at: "://") else {
            if text.hasPrefix("/") {
                return RedisEndpoint(target: .unix(path: try socketPath(Substring(text))))
            }
            // Without a scheme only `host:port` is meant; anything more is a URL somebody forgot to finish.
            guard !text.contains("@"), !text.contains("/"), !text.contains("?") else {
                throw bad("has no scheme")
            }
            return RedisEndpoint(target: try hostAndPort(Substring(text)))
        }
        switch scheme.lowercased() {
        case "redis": return try network(rest, tls: false)
        case "rediss": return try network(rest, tls: true)
        case "unix": return try unix(rest)
        default: throw bad("has the unknown scheme \"\(scheme)\"")
        }
    }

    private func network(_ rest: Substring, tls: Bool) throws(RedisError) -> RedisEndpoint {
        var rest = rest
        var query: [(String, String)] = []
        // The last @ ends the credentials: a password pasted without encoding may well contain another, or a ?.
        var credentials: Substring?
        if let at = rest.lastIndex(of: "@") {
            credentials = rest[..<at]
            rest = rest[rest.index(after: at)...]
        }
        if let (path, parameters) = split(rest, at: "?") {
            rest = path
            query = try self.parameters(parameters)
        }
        var database = 0
        if let (host, path) = split(rest, at: "/") {
            rest = host
            if !path.isEmpty { database = try self.database(path) }
        }
        var endpoint = RedisEndpoint(target: try hostAndPort(rest), tls: tls ? .init() : nil, database: database)
        if let credentials { try addCredentials(credentials, to: &endpoint) }
        for (name, value) in query {
            switch name {
            case "db": endpoint.database = try self.database(Substring(value))
            case "cacert" where tls: endpoint.tls?.caCertificate = value
            case "cert" where tls: endpoint.tls?.certificate = value
            case "key" where tls: endpoint.tls?.privateKey = value
            default: throw bad("has the unknown parameter \"\(name)\"")
            }
        }
        if let tls = endpoint.tls, (tls.certificate == nil) != (tls.privateKey == nil) {
            throw bad("must give both cert and key, or neither")
        }
        return endpoint
    }

    private func unix(_ rest: Substring) throws(RedisError) -> RedisEndpoint {
        let parts = split(rest, at: "?")
        var endpoint = RedisEndpoint(target: .unix(path: try socketPath(parts?.0 ?? rest)))
        guard let parts else { return endpoint }
        for (name, value) in try parameters(parts.1) {
            switch name {
            case "db": endpoint.database = try database(Substring(value))
            case "user": endpoint.username = value
            case "password": endpoint.password = RedisSecret(value)
            default: throw bad("has the unknown parameter \"\(name)\"")
            }
        }
        return endpoint
    }

    private func addCredentials(_ text: Substring, to endpoint: inout RedisEndpoint) throws(RedisError) {
        guard let (user, password) = split(text, at: ":") else {
            throw bad("has a user but no password")
        }
        let name = try percentDecoded(user)
        endpoint.username = name.isEmpty ? nil : name
        endpoint.password = RedisSecret(try percentDecoded(password))
    }

    private func hostAndPort(_ text: Substring) throws(RedisError) -> RedisEndpoint.Target {
        var host = text
        var port: Substring?
        if text.first == "[" {
            guard let close = text.firstIndex(of: "]") else { throw bad("has no ] after its IPv6 address") }
            host = text[text.index(after: text.startIndex)..<close]
            let rest = text[text.index(after: close)...]
            guard rest.isEmpty || rest.first == ":" else { throw bad("has something between ] and its port") }
            if !rest.isEmpty { port = rest.dropFirst() }
        } else if let colon = text.lastIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
            guard !host.contains(":") else { throw bad("must put its IPv6 address into [ ]") }
        }
        guard !host.isEmpty else { throw bad("names no host") }
        guard let port else { return .tcp(host: String(host), port: RedisEndpoint.defaultPort) }
        guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(port),
            (1...65_535).contains(number)
        else { throw bad("has a port that is not a number from 1 to 65535") }
        return .tcp(host: String(host), port: number)
    }

    private func socketPath(_ text: Substring) throws(RedisError) -> String {
        let path = try percentDecoded(text)
        guard path.hasPrefix("/") else { throw bad("must name its socket by an absolute path") }
        guard path.utf8.count <= Self.longestSocketPath else {
            throw bad("has a socket path of more than \(Self.longestSocketPath) bytes")
        }
        return path
    }

    private func database(_ text: Substring) throws(RedisError) -> Int {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text) else {
            throw bad("has a database that is not a number")
        }
        return number
    }

    private func parameters(_ text: Substring) throws(RedisError) -> [(String, String)] {
        var result: [(String, String)] = []
        for part in text.split(separator: "&") {
            guard let (name, value) = split(part, at: "=") else { throw bad("has a parameter without a value") }
            result.append((String(name), try percentDecoded(value)))
        }
        return result
    }

    private func percentDecoded(_ text: Substring) throws(RedisError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
                throw bad("has a % that two hexadecimal digits do not follow")
            }
            bytes.append(high << 4 | low)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw bad("decodes to something that is not text")
        }
        return decoded
    }

    private func hexDigit(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init)
    }

    private func split(_ text: Substring, at separator: String) -> (Substring, Substring)? {
        guard let range = text.firstRange(of: separator) else { return nil }
        return (text[..<range.lowerBound], text[range.upperBound...])
    }

    private func bad(_ why: String, line: Int = #line) -> RedisError {
        RedisError(
            .badEndpoint,
            "the Redis address \"\(redacted)\" \(why)",
            nextStep: "write host:port, redis://user:password@host:port/db, rediss://… or unix:///path/of/socket;"
                + " encode reserved characters of a password as %XX",
            line: line
        )
    }

    /// The text as far as it cannot be a secret: nothing before the last @, no values of parameters.
    private var redacted: String {
        var shown = Substring(text)
        var start = ""
        if let at = shown.lastIndex(of: "@") {
            start = (split(shown, at: "://").map { "\($0.0)://" } ?? "") + "***@"
            shown = shown[shown.index(after: at)...]
        }
        if let (path, _) = split(shown, at: "?") { return "\(start)\(path)?***" }
        return start + shown
    }
}
