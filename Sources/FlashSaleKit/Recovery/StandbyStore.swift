/// The table `standbys`: every standby that was ever seen, by its slot or by the name that it gives itself.
///
/// A standby that is promoted goes on with what it has replayed. What Redis still has of the sales that have ended
/// meanwhile is all that can fill it again.
public struct StandbyStore: Sendable {
    /// One of them.
    public struct Standby: Sendable, Equatable {
        /// Slot or application name.
        public let name: String
        /// When it was seen last.
        public let lastSeen: Timestamp
        /// Bytes of the log that it lacks; nil when it was last seen on another lineage.
        public let bytesBehind: Int64?
    }

    let postgres: PostgresConnection

    /// The standbys of this database.
    public init(postgres: PostgresConnection) {
        self.postgres = postgres
    }

    /// What can be seen at this moment. Temporary slots are those of backups; a sender that never says what was
    /// replayed serves one too, or an archive. Of a sender without rights to see it, only its slot tells something.
    private static let visible: SQL = """
        (select s.slot_name::text as name, 'slot' as kind, coalesce(r.replay_lsn, s.restart_lsn) as replayed
        from pg_replication_slots s left join pg_stat_replication r on r.pid = s.active_pid
        where s.slot_type = 'physical' and not s.temporary and coalesce(r.replay_lsn, s.restart_lsn) is not null
        union all
        select r.application_name, 'application', min(r.replay_lsn) from pg_stat_replication r
        where r.replay_lsn is not null and not exists (
            select from pg_replication_slots s where s.active_pid = r.pid)
        group by r.application_name)
        """

    /// Remembers what can be seen. One that was forgotten counts again as soon as it moves.
    func observe(_ lineage: Lineage) async throws {
        _ = try await postgres.query(
            """
            insert into standbys as known (name, kind, replayed, lineage)
            select v.name, v.kind, v.replayed, \(lineage.id)::uuid from \(StandbyStore.visible) v
            on conflict (name, kind) do update set replayed = excluded.replayed, lineage = excluded.lineage,
                last_seen = now(), forgotten_at = case
                    when known.replayed = excluded.replayed and known.lineage = excluded.lineage
                    then known.forgotten_at end
            """
        )
    }

    /// Remembers what can be seen from a server that keeps no schedule itself.
    public func observe() async throws {
        try await observe(try await LineageStore(postgres: postgres).current())
    }

    /// Those that count, in order of name.
    public func known() async throws -> [Standby] {
        let rows = try await postgres.query(
            """
            select s.name, max(s.last_seen) as seen,
                case when bool_and(s.lineage = \(LineageStore.present))
                    then max(pg_current_wal_insert_lsn() - s.replayed)::bigint end as behind
            from standbys s where s.forgotten_at is null group by s.name order by s.name
            """
        )
        return try rows.map { row in
            Standby(
                name: try row["name"].text,
                lastSeen: try row["seen"].timestamp,
                bytesBehind: try row["behind"].optional?.int64
            )
        }
    }

    /// Stops waiting for a standby that is gone for good, and puts that on record.
    ///
    /// - Returns: false when there is none of this name that counts; nothing was written then.
    public func forget(_ name: String, actor: String, reason: String) async throws -> Bool {
        try await postgres.transaction { session in
            let forgotten = try session.query(
                "update standbys set forgotten_at = now() where name = \(name) and forgotten_at is null"
            )
            guard forgotten.affected > 0 else { return false }
            try session.query(
                """
                insert into control_log (actor, action, reason, value)
                values (\(actor), 'forget_standby', \(reason), \(name))
                """
            )
            return true
        }
    }

    /// Standbys of which nothing is known but that they are there: neither name nor position may be read by this role.
    func hidden() async throws -> (count: Int, role: String) {
        let row = try await postgres.query(
            """
            select count(*) as n, current_user::text as role from pg_stat_replication r
            where r.state is null and not exists (select from pg_replication_slots s where s.active_pid = r.pid)
            """
        ).one()
        return (try row["n"].int, try row["role"].text)
    }

    /// Names that several standbys without a slot share: if one of them vanishes, that cannot be seen.
    func shared() async throws -> [String] {
        try await postgres.query(
            """
            select r.application_name as name from pg_stat_replication r
            where r.replay_lsn is not null and not exists (
                select from pg_replication_slots s where s.active_pid = r.pid)
            group by 1 having count(*) > 1 order by 1
            """
        ).map { try $0["name"].text }
    }
}
