/// Sessions of our processes that stand still in the middle of a statement and hold what others need.
///
/// Postgres ends a session that is idle for too long, in a transaction or with a lock. But one whose process was
/// stopped while it sends COPY or receives a large result is `active` for ever, and no timeout of the server ends it.
enum StoppedSessions {
    /// Whoever waits for its client for so long in one statement is taken for stopped. No statement of a living drain
    /// lasts that long, nor does any in which a recovery exchanges much with Postgres.
    static let standstill = Duration.seconds(5)

    /// Ends those that hold a cursor or a lock of ours; their transactions are rolled back.
    static func end(on postgres: PostgresConnection) async throws {
        _ = try await postgres.query(
            """
            select pg_terminate_backend(a.pid) from pg_stat_activity a
            where a.datname = current_database() and a.usename = current_user and a.pid <> pg_backend_pid()
                and a.application_name = \(postgres.options.applicationName)
                and a.state = 'active' and a.wait_event_type = 'Client'
                and a.query_start < clock_timestamp() - make_interval(secs => \(standstill.components.seconds))
                and exists (select 1 from pg_locks l where l.pid = a.pid and l.granted
                    and (l.locktype = 'advisory' or l.relation = to_regclass('journal_cursor')))
            """
        )
    }
}
