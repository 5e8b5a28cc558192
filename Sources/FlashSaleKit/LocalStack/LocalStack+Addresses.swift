import Foundation

extension LocalStack {
    /// The folder with the data of both servers.
    public var directory: String { layout.directory }

    /// `unix://` URL of Redis.
    public var redisURL: String { layout.redisURL }

    /// libpq URL of Postgres.
    public var postgresURL: String { layout.postgresURL }

    /// Where the stores of a folder (default: `$XDG_STATE_HOME/flashctl/local`) answer when they run; starts nothing.
    /// Nil when there is no such folder.
    public static func addresses(
        directory: String?,
        environment: [String: String]
    ) -> (redisURL: String, postgresURL: String)? {
        guard let path = directory ?? (try? StackLayout.defaultDirectory(environment: environment)) else { return nil }
        let layout = StackLayout(directory: URL(fileURLWithPath: path).standardizedFileURL.path)
        return (layout.redisURL, layout.postgresURL)
    }

    /// The socket that Redis listens on.
    public var redisSocket: String { layout.redisSocket }

    /// The folder of the socket that Postgres listens on.
    public var postgresSocketFolder: String { layout.postgresSocketFolder }

    /// A shell command that opens psql on the stack.
    public var psqlCommand: String {
        "psql -h \(LocalStack.shellQuoted(layout.postgresSocketFolder)) -U \(PostgresAccount.name) postgres"
    }

    /// A shell command that opens redis-cli on the stack.
    public var redisCLICommand: String { "redis-cli -s \(LocalStack.shellQuoted(layout.redisSocket))" }

    /// The log of Redis.
    public var redisLog: String { layout.redisLog }

    /// The log of Postgres.
    public var postgresLog: String { layout.postgresLog }

    static func percentEncoded(_ path: String, keeping: String = "/") -> String {
        let plain = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
        return path.addingPercentEncoding(withAllowedCharacters: plain.union(.init(charactersIn: keeping))) ?? path
    }

    static func shellQuoted(_ text: String) -> String {
        let plain = text.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789/._-".unicodeScalars.contains(scalar))
        }
        return plain && !text.isEmpty ? text : "'" + text.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }
}

extension StackLayout {
    var redisURL: String { "unix://" + LocalStack.percentEncoded(redisSocket) }

    var postgresURL: String {
        let folder = LocalStack.percentEncoded(postgresSocketFolder, keeping: "")
        return "postgresql://\(PostgresAccount.name)@/postgres?host=\(folder)&port=\(StackLayout.postgresPort)"
    }
}
