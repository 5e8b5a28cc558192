extension PostgresError {
    /// Why no connection came about, with the SQLSTATE if the server has answered.
    ///
    /// - Parameters:
    ///   - text: what libpq says, at verbosity VERBOSE.
    ///   - needsPassword: whether the server asked for a password and there was none.
    static func connectFailed(
        _ endpoint: PostgresEndpoint,
        _ text: String,
        needsPassword: Bool = false
    ) -> PostgresError {
        let refusal = ConnectRefusal(endpoint.redact(text))
        // Being asked for a password that one does not have is a refusal like that of a wrong one.
        let state = refusal.sqlState ?? (needsPassword ? "28P01" : nil)
        return PostgresError(
            .connectFailed,
            "cannot connect to Postgres at \(endpoint.location): \(refusal.reason)",
            server: state.map { Server(sqlState: $0, severity: "FATAL", message: refusal.reason) },
            nextStep: needsPassword
                ? "give the password in the URL, in PGPASSWORD or in ~/.pgpass"
                : advice(state, endpoint, refusal.reason)
        )
    }

    /// Whether the server has refused this user or this password.
    public var isLoginRefused: Bool { code == .connectFailed && (sqlState?.hasPrefix("28") ?? false) }

    /// Whether the server is there and has no database of this name.
    public var isDatabaseMissing: Bool { code == .connectFailed && sqlState == "3D000" }

    private static func advice(_ state: String?, _ endpoint: PostgresEndpoint, _ reason: String) -> String {
        let user = endpoint["user"].map { "user '\($0)'" } ?? "user"
        return switch state {
        case "28P01"?: "correct \(user) and password of the Postgres URL"
        case let state? where state.hasPrefix("28"):
            "correct \(user) and password of the Postgres URL; the role must exist, and pg_hba.conf must let it in"
        case "3D000"?: "correct the database in the Postgres URL, or create it with createdb"
        case "53300"?: "wait, or raise max_connections of Postgres"
        case "57P03"?: "wait until Postgres has started, then try again"
        case nil where reason.contains("does not support SSL"):
            "turn TLS on in postgresql.conf (ssl = on), or write sslmode=prefer into the Postgres URL"
        case nil where reason.contains("root certificate") || reason.contains("certificate verify failed"):
            "name the certificate of its authority in the Postgres URL: sslrootcert=FILE"
        case nil where reason.contains("server certificate for"):
            "write a name that the certificate has into the Postgres URL, or give the server one for this name"
        default: "check that Postgres runs there and that the URL is right"
        }
    }
}

/// What libpq says about a connection that did not come about, taken apart. It tries several addresses, with and
/// without TLS, and tells about each in lines of their own.
struct ConnectRefusal: Equatable {
    /// Each reason once, in one line.
    var reason: String
    /// Of the last server that answered, if one did.
    var sqlState: String?

    init(_ text: String) {
        var reasons: [String] = []
        // A line that begins with a tab is advice, those with these words are details for the author of the server.
        let asides = ["LOCATION:", "DETAIL:", "HINT:", "CONTEXT:"]
        for line in text.split(whereSeparator: \.isNewline) {
            if line.first == "\t" || asides.contains(where: { line.hasPrefix($0) }) { continue }
            var words = Substring(String(line).trimmed)
            // Whoever reads it knows where.
            if words.hasPrefix("connection to server"), let failed = words.firstRange(of: " failed: ") {
                words = words[failed.upperBound...]
            }
            // The word in front is in the language of the server, the state is not.
            if let match = words.prefixMatch(of: #/[^ :]+: +([0-9A-Z]{5}): /#) {
                sqlState = String(match.1)
                words = words[match.range.upperBound...]
            }
            if !words.isEmpty, !reasons.contains(String(words)) { reasons.append(String(words)) }
        }
        reason = reasons.isEmpty ? "no reason was given" : reasons.joined(separator: "; ")
    }
}
