import Foundation

extension LocalStack {
    /// The folder with the data of both servers.
    public var directory: String { layout.directory }

    /// `unix://` URL of Redis.
    public var redisURL: String { "unix://" + LocalStack.percentEncoded(layout.redisSocket) }

    /// libpq URL of Postgres.
    public var postgresURL: String {
        let folder = LocalStack.percentEncoded(layout.postgresSocketFolder, keeping: "")
        return "postgresql://\(PostgresAccount.name)@/postgres?host=\(folder)&port=\(StackLayout.postgresPort)"
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
