import Logging

/// A session that keeps a statement of ours waiting for a lock.
struct PostgresBlocker: Sendable, Equatable {
    var pid: Int
    /// What the session calls itself, empty for nothing.
    var application: String
    /// The role of Postgres.
    var role: String
    /// For instance `idle in transaction`.
    var state: String
    /// Since its transaction began.
    var seconds: Int
    /// The last statement, in one line and cut.
    var query: String

    /// For connecting and for the answer, each.
    private static let patience = Duration.seconds(1)
    private static let queryLength = 120

    /// Who blocks the session with this process id, asked over a connection of its own; empty when nobody does, or when
    /// that cannot be found out in two seconds.
    static func find(_ waiting: Int32, _ endpoint: PostgresEndpoint, _ logger: Logger) -> [PostgresBlocker] {
        do throws(PostgresError) {
            let wire = PostgresWire(endpoint: endpoint, wakeup: try PostgresWakeup(), logger: logger)
            var options = PostgresOptions()
            options.connectTimeout = patience
            try wire.connect(options)
            defer { wire.close() }
            let result = try wire.run(
                """
                select a.pid, coalesce(a.application_name, '') as application, coalesce(a.usename, '') as usename,
                    coalesce(a.state, '') as state,
                    extract(epoch from now() - coalesce(a.xact_start, a.backend_start))::bigint as seconds,
                    left(regexp_replace(coalesce(a.query, ''), '\\s+', ' ', 'g'), \(literal: queryLength)) as query
                from unnest(pg_blocking_pids(\(Int64(waiting))::int)) as blocking(pid)
                join pg_stat_activity a using (pid)
                order by 5 desc, 1
                """,
                .now + patience
            )
            var blockers: [PostgresBlocker] = []
            for row in PostgresRows(result: result) {
                blockers.append(
                    PostgresBlocker(
                        pid: try row["pid"].int,
                        application: try row["application"].text,
                        role: try row["usename"].text,
                        state: try row["state"].text,
                        seconds: try row["seconds"].int,
                        query: try row["query"].text
                    )
                )
            }
            return blockers
        } catch {
            logger.debug("who holds a lock could not be asked", metadata: ["reason": "\(error)"])
            return []
        }
    }

    /// `session 4711 (psql, user ann, idle in transaction, for 45 s): lock table …`
    var sentence: String {
        let name = application.isEmpty ? "" : "\(application), "
        let what = state.isEmpty ? "" : "\(state), "
        return "session \(pid) (\(name)user \(role), \(what)for \(seconds) s): \(query)"
    }
}

extension PostgresError {
    /// The deadline has passed, and these sessions are why.
    static func blocked(_ endpoint: PostgresEndpoint, by blockers: [PostgresBlocker]) -> PostgresError {
        let calls = blockers.map { "pg_terminate_backend(\($0.pid))" }.joined(separator: ", ")
        return PostgresError(
            .locked,
            "a statement on Postgres at \(endpoint.location) waited in vain for a lock that is held by "
                + blockers.map(\.sentence).joined(separator: "; and by "),
            nextStep: "run it again when that has ended, or end it: psql '\(endpoint)' -c 'select \(calls)'"
        )
    }
}
