/// What `doctor` wants to know of a Postgres server beyond ``PostgresFacts``.
struct PostgresDetails: Sendable, Equatable {
    /// Connections that are allowed to us, and those that are used.
    var mostConnections: Int
    var usedConnections: Int
    /// Nil when we may not ask.
    var dataFolder: String?
    /// Bytes of our database.
    var databaseSize: Int
    /// Whether the server runs on this host, as far as its address tells.
    var isLocal: Bool
    /// Where `synchronous_commit` is not on unless somebody says so: `the database shop`, `the role flash`.
    var asynchronous: [String]

    /// Fewer free ones are a matter of time.
    private static let fewConnections = 20

    /// Asks the server.
    static func read(_ postgres: PostgresConnection) async throws -> PostgresDetails {
        let row = try await postgres.query(
            """
            select current_setting('max_connections')::int
                    - current_setting('superuser_reserved_connections')::int as most,
                (select count(*) from pg_stat_activity where backend_type = 'client backend') as used,
                pg_database_size(current_database()) as size,
                case when pg_has_role(current_user, 'pg_read_all_settings', 'usage')
                    then current_setting('data_directory') end as folder
            """
        ).one()
        // What our own connections say comes first for them; these settings hold for all others.
        let settings = try await postgres.query(
            """
            select case when s.setrole <> 0 then 'the role ' || r.rolname else 'the database ' || d.datname end as whose
            from pg_db_role_setting s
            left join pg_database d on d.oid = s.setdatabase left join pg_roles r on r.oid = s.setrole
            cross join unnest(s.setconfig) as setting
            where (s.setdatabase = 0 or d.datname = current_database())
                and (s.setrole = 0 or r.rolname = current_user)
                and setting in ('synchronous_commit=off', 'synchronous_commit=local')
            order by 1
            """
        )
        return PostgresDetails(
            mostConnections: try row["most"].int,
            usedConnections: try row["used"].int,
            dataFolder: try row["folder"].optional?.text,
            databaseSize: try row["size"].int,
            isLocal: postgres.endpoint.isLocal,
            asynchronous: try settings.map { try $0["whose"].text }
        )
    }

    var checks: [DeepCheck] { [commits, connections, disk] }

    private var commits: DeepCheck {
        guard !asynchronous.isEmpty else {
            return .ok(.databaseSettings, "No setting of the database or the role makes commits asynchronous.")
        }
        let whose = asynchronous.joined(separator: " and ")
        return .warning(
            .databaseSettings,
            "synchronous_commit is not on for \(whose): flashctl turns it on for itself, but a crash can lose what"
                + " others enter, such as repairs by psql.",
            fix: asynchronous.map { "Run ALTER \($0.dropFirst(4)) RESET synchronous_commit." }.joined(separator: " ")
        )
    }

    private var connections: DeepCheck {
        let left = mostConnections - usedConnections
        let sentence = "\(usedConnections) of \(mostConnections) possible connections to Postgres are in use"
        let fix = "Raise max_connections (it needs a restart), or end what others keep open: see pg_stat_activity."
        if left < PostgresDetails.fewConnections / 4 { return .critical(.connections, "\(sentence).", fix: fix) }
        if left < PostgresDetails.fewConnections { return .warning(.connections, "\(sentence).", fix: fix) }
        return .ok(.connections, "\(sentence).")
    }

    private var disk: DeepCheck {
        if isLocal, let dataFolder, let space = DiskSpace.read(dataFolder) {
            return space.check(.postgresDisk, whose: "Postgres", loss: "no purchase can be committed")
        }
        let size = "The database takes \(ByteText.text(databaseSize))"
        return .ok(.postgresDisk, "\(size); how much is free on its machine has to be looked up there.")
    }
}

extension PostgresEndpoint {
    /// Whether the server runs on this host, as far as its address tells.
    var isLocal: Bool {
        guard let host = self["host"] ?? self["hostaddr"] else { return true }
        return host.hasPrefix("/") || ["localhost", "127.0.0.1", "::1"].contains(host)
    }
}

extension RedisEndpoint {
    /// Whether the server at this place (see ``location``) runs on this host, as far as its address tells.
    static func isLocal(_ location: String) -> Bool {
        location.hasPrefix("/") || ["localhost:", "127.0.0.1:", "[::1]:"].contains { location.hasPrefix($0) }
    }
}
