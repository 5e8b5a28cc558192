/// One branch of the history of a Postgres: server, timeline, and a random id that the first transaction on it wrote. A
/// promoted standby begins another lineage; the old primary, should it still be reachable, does not
/// know it.
public struct Lineage: Hashable, Sendable, CustomStringConvertible {
    /// `system_identifier` of the cluster, in decimal digits.
    public let system: String
    /// Timeline, from 1; each promotion begins a higher one.
    public let timeline: Int64
    /// Random id, in the notation of `uuid`.
    public let id: String

    /// A lineage of these parts.
    public init(system: String, timeline: Int64, id: String) {
        self.system = system
        self.timeline = timeline
        self.id = id
    }

    /// Reads what ``description`` writes; nil for any other text.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, let timeline = Int64(parts[1]), !parts[2].isEmpty else { return nil }
        self.init(system: String(parts[0]), timeline: timeline, id: String(parts[2]))
    }

    /// `system/timeline/id`, as the field `lineage` of a sale in Redis has it.
    public var description: String { "\(system)/\(timeline)/\(id)" }
}

/// The table `lineages`: every branch of history that this database has come through, the present one last.
struct LineageStore: Sendable {
    /// By how much both sequences jump on a new lineage: the lost end of the old one may have used as many numbers.
    static let jump: Int64 = 1000

    let postgres: PostgresConnection

    /// The server and its timeline. Not of `pg_control_checkpoint()`, which names the old one until the first
    /// checkpoint after a promotion.
    static let branch: SQL = """
        select system_identifier::text as system,
            ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint as timeline
        from pg_control_system()
        """

    /// The present lineage, if it is the one recorded last: what takes an epoch or a number does so `from` it.
    static let present: SQL = """
        (select l.id from (select * from lineages order by number desc limit 1) l
        join (\(branch)) b on b.system = l.system and b.timeline = l.timeline)
        """

    /// The lineage of this server; recorded first if it is new, with both sequences moved ahead.
    ///
    /// - Throws: ``PostgresError`` with `.readOnly` on a server that takes no writes.
    func current() async throws -> Lineage {
        let standing = try await PostgresStanding.read(on: postgres)
        try await standing.requireWritable(postgres)
        if let known = standing.lineage { return known }
        _ = try await postgres.transaction { session in
            try session.query("lock table lineages in share row exclusive mode")
            let isRecorded = try session.query("select exists \(LineageStore.present) as found").one()["found"].bool
            if !isRecorded { try LineageStore.begin(in: session) }
        }
        guard let recorded = try await PostgresStanding.read(on: postgres).lineage else {
            throw LineageStore.changed(postgres)
        }
        return recorded
    }

    /// Records a lineage of this server and moves both sequences ahead; the table is locked.
    static func begin(in session: PostgresSession) throws {
        try session.query("insert into lineages (system, timeline) \(LineageStore.branch)")
        try session.query(
            """
            select setval('epochs', nextval('epochs') + \(LineageStore.jump)),
                setval(s.name, nextval(s.name) + \(LineageStore.jump))
            from (select pg_get_serial_sequence('sales', 'id')::regclass as name) s
            """
        )
    }

    /// Another branch began between two statements.
    static func changed(_ postgres: PostgresConnection) -> RecoveryError {
        RecoveryError(
            .superseded,
            "the lineage of Postgres at \(postgres.endpoint.location) changed a moment ago",
            nextStep: "try again"
        )
    }

    /// Refuses to go on in a transaction on a branch that is not recorded: ask before taking a number of a sequence.
    static func requirePresent(in session: PostgresSession) throws {
        guard try session.query("select \(present) is not null as found").one()["found"].bool else {
            throw RecoveryError(
                .superseded,
                "this Postgres is on a timeline that is not recorded yet",
                nextStep: "try again"
            )
        }
    }

    /// Whether this database has come through that lineage.
    func knows(_ lineage: Lineage) async throws -> Bool {
        try await postgres.query("select exists (select from lineages where id = \(lineage.id)::uuid) as found")
            .one()["found"].bool
    }
}
