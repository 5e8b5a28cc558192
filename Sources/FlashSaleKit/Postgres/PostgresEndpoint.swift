/// Where Postgres is, and as whom to connect. Understands what libpq understands (`postgres://user:pw@host:port/db`,
/// `host=… dbname=…`), and also `host:port` and `unix:///folder/of/the/socket?dbname=…`.
public struct PostgresEndpoint: Sendable, Equatable, CustomStringConvertible {
    struct Parameter: Sendable, Equatable {
        var keyword: String
        var value: String
        /// Whether it may be a secret, by the word of libpq.
        var isHidden = false
    }

    /// Keywords of libpq, as given.
    let parameters: [Parameter]

    /// - Throws: `.invalidEndpoint`, without quoting the text.
    public init(parsing text: String) throws(PostgresError) {
        guard !text.isEmpty, !text.utf8.contains(0) else {
            throw PostgresEndpoint.invalid("it is empty or holds a NUL byte")
        }
        let isURL = text.contains("://")
        guard isURL || text.contains("=") || PostgresEndpoint.isHostAndPort(text) else {
            throw PostgresEndpoint.invalid("it has no scheme, and is more than host:port")
        }
        switch LibpqConninfo.parse(PostgresEndpoint.forLibpq(text)) {
        case .success(let parameters):
            self.parameters = parameters.map {
                Parameter(keyword: $0.keyword, value: $0.value, isHidden: $0.isHidden)
            }
        case .failure(let failure):
            throw PostgresEndpoint.complaint(about: text, failure.reason)
        }
        if let host = self["host"], host.contains("@") {
            // The rest of a password with an @ would become the host, and be shown.
            throw PostgresEndpoint.invalid("the password holds an @ that is not written as %40")
        }
        if let port = self["port"], !port.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2C }) {
            throw PostgresEndpoint.invalid("its port is no number")
        }
        if isURL, let database = self["dbname"], database.contains("@") {
            // A password with a / in it has become the database, and would be shown.
            throw PostgresEndpoint.invalid("the password holds a / that is not written as %2F")
        }
    }

    /// Whether the text is `host`, `host:port` or `host:port/database`, or has several hosts with commas. Without
    /// a scheme anything more is a URL that somebody forgot to finish, and parts of its password would be shown.
    private static func isHostAndPort(_ text: String) -> Bool {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let hosts = parts[0].split(separator: ",", omittingEmptySubsequences: false)
        let isDatabase = parts.count < 2 || parts[1].allSatisfy { !"@:/?#".contains($0) }
        return isDatabase
            && hosts.allSatisfy { $0.wholeMatch(of: #/(\[[^\]@/]+\]|[^@:\/?#\[\]]+)(:[0-9]+)?/#) != nil }
    }

    /// The forms that libpq does not know, rewritten.
    private static func forLibpq(_ text: String) -> String {
        if text.hasPrefix("unix://") {
            var path = text.dropFirst("unix://".count)
            var query: Substring = ""
            if let mark = path.firstIndex(of: "?") {
                query = path[path.index(after: mark)...]
                path = path[..<mark]
            }
            if let socket = path.firstRange(of: "/.s.PGSQL.") {
                query = "port=\(path[socket.upperBound...])" + (query.isEmpty ? "" : "&") + query
                path = path[..<socket.lowerBound]
            }
            return "postgresql:///?host=\(path)" + (query.isEmpty ? "" : "&") + query
        }
        return text.contains("://") || text.contains("=") ? text : "postgresql://" + text
    }

    subscript(keyword: String) -> String? {
        parameters.first { $0.keyword == keyword }?.value
    }

    /// The server alone, for messages: `host:port` or `unix:///folder/.s.PGSQL.port`, as
    /// ``init(parsing:)`` takes it.
    public var location: String {
        let host = self["host"] ?? self["hostaddr"] ?? "localhost"
        if host.hasPrefix("/") { return "unix://\(host)/.s.PGSQL.\(self["port"] ?? "5432")" }
        return authority(defaultPort: "5432")
    }

    /// Hosts with their ports as a URL has them; the port only when it is given or has a default.
    func authority(defaultPort: String?) -> String {
        let hosts = (self["host"] ?? self["hostaddr"] ?? (defaultPort == nil ? "" : "localhost"))
            .split(separator: ",", omittingEmptySubsequences: false)
        let ports = (self["port"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
        return hosts.enumerated().map { index, host in
            let given = ports.count == 1 ? ports[0] : index < ports.count ? ports[index] : ""
            let port = given.isEmpty ? defaultPort.map { Substring($0) } : given
            return (host.contains(":") ? "[\(host)]" : host) + (port.map { ":\($0)" } ?? "")
        }.joined(separator: ",")
    }

    /// As a URL, without the password.
    public var description: String {
        let user = self["user"].map { "\($0.percentEncoded)@" } ?? ""
        let database = (self["dbname"] ?? "").percentEncoded
        let port = self["port"] ?? "5432"
        let host = self["host"] ?? self["hostaddr"] ?? "localhost"
        if host.hasPrefix("/") { return "postgresql://\(user)/\(database)?host=\(host)&port=\(port)" }
        return "postgresql://\(user)\(location)/\(database)"
    }

    /// The same server and user with another database.
    public func database(_ name: String) -> PostgresEndpoint {
        PostgresEndpoint(parameters.filter { $0.keyword != "dbname" } + [Parameter(keyword: "dbname", value: name)])
    }

    private init(_ parameters: [Parameter]) {
        self.parameters = parameters
    }

    /// What libpq is given. The settings travel in the start packet, so they cost no round trip.
    func libpqParameters(_ options: PostgresOptions) -> [(keyword: String, value: String)] {
        var settings = options.settings.map { "-c \($0.name)=\($0.value.escapedForOptions)" }
        if let given = self["options"] { settings.append(given) }
        // The readers of values rely on these, so they come last and win.
        settings += PostgresOptions.fixedSettings.map { "-c \($0.name)=\($0.value)" }
        var all = [
            (keyword: "application_name", value: options.applicationName),
            // Notices a server that vanished without a word, also while only listening.
            (keyword: "keepalives_idle", value: "\(KeepAlive.idleSeconds)"),
            (keyword: "keepalives_interval", value: "\(KeepAlive.intervalSeconds)"),
            (keyword: "keepalives_count", value: "\(KeepAlive.probes)"),
            (keyword: "tcp_user_timeout", value: "\(KeepAlive.userTimeoutMilliseconds)"),
        ].filter { self[$0.keyword] == nil }
        all += parameters.filter { $0.keyword != "options" }.map { ($0.keyword, $0.value) }
        all.append(("options", settings.joined(separator: " ")))
        all.append(("client_encoding", "UTF8"))
        return all
    }

    /// Takes the password out of a message of libpq, should one ever hold it.
    func redact(_ message: String) -> String {
        guard let password = self["password"], !password.isEmpty else { return message }
        return message.replacing(password, with: "***")
    }
}

extension String {
    /// As it may stand in any part of a URL.
    var percentEncoded: String {
        utf8.reduce(into: "") { text, byte in
            let scalar = Unicode.Scalar(byte)
            let isPlain = byte < 0x80 && (scalar.properties.isAlphabetic || (0x30...0x39).contains(byte))
            if isPlain || "-._~".unicodeScalars.contains(scalar) {
                text.unicodeScalars.append(scalar)
            } else {
                text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
    }

    /// In the `options` of libpq spaces end a word and backslashes escape.
    fileprivate var escapedForOptions: String {
        replacing("\\", with: "\\\\").replacing(" ", with: "\\ ")
    }

    /// Without white space at its ends.
    var trimmed: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
