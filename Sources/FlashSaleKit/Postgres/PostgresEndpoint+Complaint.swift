extension PostgresEndpoint {
    /// What is wrong with a text that libpq does not take, without anything of it that may be a secret.
    ///
    /// - Parameter reason: what libpq says; it may quote the text.
    static func complaint(about text: String, _ reason: String) -> PostgresError {
        if text.hasPrefix("jdbc:") {
            return invalid(
                "it is a URL for Java",
                nextStep: "leave out jdbc: and write user and password before the host:"
                    + " postgres://user:password@host:port/database"
            )
        }
        // Such as postgresql+asyncpg, which SQLAlchemy takes.
        if let scheme = text.prefixMatch(of: #/(postgres|postgresql|pgsql)([+.-][a-z0-9+.-]+)?:\/\//#)?.output.0 {
            let name = scheme.dropLast("://".count)
            if name != "postgres", name != "postgresql" {
                return invalid("its scheme is \(name)", nextStep: "write postgres:// instead of \(scheme)")
            }
        }
        guard let name = unknownParameter(text, reason) else {
            return invalid(PostgresError.withoutQuotedText(reason).trimmed)
        }
        return invalid(
            "libpq does not know its parameter '\(name)'",
            nextStep: foreignParameters[name] ?? "leave out \(name), or correct it: the parameters are those of libpq"
        )
    }

    /// What names mean that other clients put into their URLs, and what takes their place.
    private static let foreignParameters: [String: String] = {
        let schema = "name the schema by options=-csearch_path%3DNAME instead"
        let pool = "leave it out: it is for the pool of another client"
        let tls = "write sslmode=require, or sslmode=verify-full and sslrootcert=FILE, instead"
        return [
            "schema": schema, "currentSchema": schema, "search_path": schema,
            "pgbouncer": "leave it out, and name Postgres itself or a pool in session mode",
            "supa": "leave it out: it tells clients of Supabase where the URL comes from",
            "connection_limit": pool, "pool_timeout": pool, "statement_cache_size": pool, "prepared_statements": pool,
            "pool_size": pool, "max_connections": pool,
            "ssl": tls, "sslaccept": tls, "tls": tls, "uselibpqcompat": "leave it out: this is libpq",
        ]
    }()

    /// The name of the parameter that libpq refuses, if it can be told from a part of a password: the query comes after
    /// the last @, and holds a parameter of exactly that name.
    private static func unknownParameter(_ text: String, _ reason: String) -> String? {
        let words = #/invalid URI query parameter: "([A-Za-z_][A-Za-z0-9_.-]{0,40})"/#
        guard let found = reason.firstMatch(of: words).map({ String($0.output.1) }) else { return nil }
        let rest = text[(text.lastIndex(of: "@").map { text.index(after: $0) } ?? text.startIndex)...]
        guard let mark = rest.firstIndex(of: "?") else { return nil }
        let names = rest[rest.index(after: mark)...].split(separator: "&").map { $0.prefix { $0 != "=" } }
        return names.contains(Substring(found)) ? found : nil
    }

    static func invalid(_ reason: String, nextStep: String? = nil) -> PostgresError {
        PostgresError(
            .invalidEndpoint,
            "the Postgres URL cannot be used: \(reason)",
            nextStep: nextStep
                ?? "write postgres://user:password@host:port/database, with special characters percent-encoded"
        )
    }
}
