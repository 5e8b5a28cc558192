/// What a connection to Postgres may be used for at this moment: read again and again, because a balancer, a promotion
/// or an operator can change the server behind a session that stays open.
public struct PostgresStanding: Sendable, Equatable {
    /// Why the server takes no writes, as the end of a sentence; nil when it does.
    public let whyReadOnly: String?
    /// The lineage of the server, if it is the one that its database has recorded last; nil on a server that takes no
    /// writes, and on a new timeline until the first transaction there has recorded it.
    public let lineage: Lineage?

    /// The columns that ``whyReadOnly(_:)`` reads.
    static let writability: SQL = """
        pg_is_in_recovery() as standby, current_setting('transaction_read_only') = 'on' as read_only
        """

    /// The columns that ``init(_:)`` reads. Behind `case`, what a standby cannot be asked is not asked.
    static let columns: SQL = """
        \(writability), case when not pg_is_in_recovery() then (
                select l.system || '/' || l.timeline || '/' || l.id from lineages l
                where l.id = \(LineageStore.present)
            ) end as lineage
        """

    /// From a row with ``columns``.
    init(_ row: PostgresRow) throws(PostgresError) {
        whyReadOnly = try PostgresStanding.whyReadOnly(row)
        lineage = try row["lineage"].optional.map { cell throws(PostgresError) in try cell.text }.flatMap(Lineage.init)
    }

    /// Why the server of a row with ``writability`` takes no writes; nil when it does.
    static func whyReadOnly(_ row: PostgresRow) throws(PostgresError) -> String? {
        if try row["standby"].bool { return "it is a standby (in recovery)" }
        return try row["read_only"].bool ? "default_transaction_read_only is on" : nil
    }

    /// Asks the server, in one statement.
    public static func read(on postgres: PostgresConnection) async throws(PostgresError) -> PostgresStanding {
        try PostgresStanding(try await postgres.query("select \(columns)").one())
    }

    /// Ends the connection when its server takes no writes: a new one may reach the primary.
    ///
    /// - Throws: ``PostgresError`` with `.readOnly`.
    public func requireWritable(_ postgres: PostgresConnection) async throws(PostgresError) {
        if let whyReadOnly { throw await PostgresStanding.refuse(postgres, whyReadOnly) }
    }

    /// The same for a database whose schema may not be there yet: asks whether the server takes writes.
    public static func requireWritable(_ postgres: PostgresConnection) async throws(PostgresError) {
        let row = try await postgres.query("select \(writability)").one()
        if let why = try whyReadOnly(row) { throw await refuse(postgres, why) }
    }

    private static func refuse(_ postgres: PostgresConnection, _ why: String) async -> PostgresError {
        await postgres.close()
        return PostgresError(
            .readOnly,
            "Postgres at \(postgres.endpoint.location) takes no writes, because \(why)",
            nextStep:
                "point POSTGRES_URL, or the balancer behind it, at the primary; the server connects again by itself"
        )
    }
}
