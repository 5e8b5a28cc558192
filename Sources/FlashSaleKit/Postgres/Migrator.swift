/// Brings the schema of a database to that of this binary.
public struct Migrator: Sendable {
    /// Key of the advisory lock under which migrations run: one at a time in a database.
    static let lock: Int64 = 0x666C_6173_6863_746C

    private let migrations: [Migration]
    private let timeout: Duration

    /// - Parameter timeout: for each migration, which may build the indexes of large tables again, and for waiting
    ///   until somebody else's is done.
    public init(_ migrations: [Migration] = Migrations.all, timeout: Duration = .seconds(3600)) {
        self.migrations = migrations
        self.timeout = timeout
    }

    /// Applies what is missing, all in one transaction.
    /// - Returns: names of what was applied now; empty when the schema was current.
    /// - Throws: `.migration` when an applied migration is not the one of this binary, or unknown to it, or the
    ///   database is not in UTF-8.
    @discardableResult
    public func migrate(_ connection: PostgresConnection) async throws -> [String] {
        try await Migrator.requireEncoding(connection)
        return try await connection.transaction(TransactionOptions(statementTimeout: timeout)) { session in
            try session.query("select pg_advisory_xact_lock(\(Migrator.lock))")
            try session.query(
                """
                create table if not exists schema_migrations (
                    name text primary key,
                    sha256 text not null,
                    applied_at timestamptz not null default now()
                )
                """
            )
            let applied = try session.query("select name, sha256 from schema_migrations order by name collate \"C\"")
            let missing = try missing(applied, endpoint: connection.endpoint)
            for migration in missing {
                try apply(migration, session)
            }
            return missing.map(\.name)
        }
    }

    /// Names of the migrations that `migrate` would apply; it throws the same refusals.
    public func pending(_ connection: PostgresConnection) async throws -> [String] {
        try await Migrator.requireEncoding(connection)
        let exists = try await connection.query("select to_regclass('schema_migrations') is not null").one()
        guard try exists[0].bool else { return migrations.map(\.name) }
        let applied = try await connection.query(
            "select name, sha256 from schema_migrations order by name collate \"C\""
        )
        return try missing(applied, endpoint: connection.endpoint).map(\.name)
    }

    /// A database in another encoding refuses the users whose names it cannot write, after they have bought; one
    /// without any stores bytes that are no text.
    private static func requireEncoding(_ connection: PostgresConnection) async throws {
        let row = try await connection.query(
            "select current_setting('server_encoding') as encoding, quote_ident(current_database()) as name"
        ).one()
        let (encoding, name) = (try row["encoding"].text, try row["name"].text)
        guard encoding != "UTF8" else { return }
        throw PostgresError(
            .migration,
            "the database \(name) at \(connection.endpoint.location) has the encoding \(encoding), which cannot hold "
                + "every user id",
            nextStep: creation(besides: encoding)
        )
    }

    /// How to get a database that can be used; the encoding of one that exists cannot be changed.
    static func creation(besides encoding: String) -> String {
        "run `create database flashsale encoding 'UTF8' template template0` in psql and name that database in the "
            + "Postgres URL; records that are in \(encoding) already go there by pg_dump and psql"
    }

    private func apply(_ migration: Migration, _ session: PostgresSession) throws(PostgresError) {
        do throws(PostgresError) {
            try session.execute(script: migration.script)
            try session.query(
                "insert into schema_migrations (name, sha256) values (\(migration.name), \(migration.checksum))"
            )
        } catch {
            throw PostgresError(
                .migration,
                "migration \(migration.name) failed and nothing was changed: \(error.message)",
                server: error.server,
                nextStep: error.sqlState == "55P03"
                    ? "end what holds the lock, or wait for it: `select pid, query from pg_stat_activity where "
                        + "xact_start is not null` names it; then run `flashctl migrate` again" : nil,
                underlying: error
            )
        }
    }

    /// What has yet to be applied, once the applied part proves to be a beginning of our list.
    private func missing(_ applied: PostgresRows, endpoint: PostgresEndpoint) throws(PostgresError) -> [Migration] {
        for (index, row) in applied.enumerated() {
            let name = try row["name"].text
            guard index < migrations.count, migrations[index].name == name else {
                throw PostgresError(
                    .migration,
                    "the database at \(endpoint) holds migration \(name), which this binary does not know there",
                    nextStep: "use the newer flashctl that applied it"
                )
            }
            guard try row["sha256"].text == migrations[index].checksum else {
                throw PostgresError(
                    .migration,
                    "migration \(name) was applied to the database at \(endpoint) with another text than ours",
                    nextStep: "use the flashctl that applied it; a change of the schema is a new migration"
                )
            }
        }
        return Array(migrations.dropFirst(applied.count))
    }
}
