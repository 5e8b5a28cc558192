import FlashSaleKit

/// A look into the stores themselves: reading only, bounded in time and in rows.
enum StoreQuery: Sendable, Equatable {
    /// Any statement of Postgres, in a transaction that refuses writes.
    case sql(String)
    /// A command of Redis that only reads.
    case redis([String])
    /// The last attempts of the current sale, of an outcome or of a user.
    case attempts(String?)
    /// The last changes of the current sale.
    case ledger
    /// The units of the current sale.
    case stock

    /// Longest that a statement may take.
    private static let patience = Duration.seconds(10)
    /// Rows that are fetched.
    private static let mostRows = 10_000
    private static let lastRows = 20
    /// The end of the attempts that is looked at first: 16 MB, or 170,000 attempts.
    private static let lastBlocks = 2048

    /// Nil when the words are no such look.
    init?(_ words: [String], raw: String) {
        switch words.first {
        case "sql": self = .sql(raw)
        case "redis": self = .redis(Array(words.dropFirst()))
        case "attempts": self = .attempts(words.dropFirst().first)
        case "ledger": self = .ledger
        case "stock": self = .stock
        default: return nil
        }
    }

    func run(_ options: StoreOptions, _ settings: ShellSettings, in environment: CommandEnvironment) async throws {
        let configuration = try options.configuration(in: environment)
        let output = environment.output(settings.format ?? .table, color: .auto)
        let report: any Report & Sendable = try await Stores.using(
            configuration,
            local: options.local,
            in: environment
        ) { stores in
            if case .stock = self { return try await StockReport.read(stores, drawsBlocks: environment.showsUTF8) }
            return try await rows(stores)
        }
        try output.write(report)
        if let report = report as? RowsReport, report.isCut {
            output.say("Only the first \(NumberText.grouped(report.rows.count)) rows are shown.")
        }
    }

    private func rows(_ stores: Stores) async throws -> RowsReport {
        switch self {
        case .sql(let text):
            guard !text.isEmpty else {
                throw CommandFailure(.usage, "sql needs a statement", nextStep: "sql select * from sales limit 5")
            }
            return try await stores.withPostgres { try await StoreQuery.select(SQL(unsafeRaw: text), on: $0) }
        case .redis(let words):
            try RedisReading.check(words)
            return try await stores.withRedis { redis in
                RowsReport(try await redis.send(RedisCommand(parts: words.map { .string($0) })))
            }
        case .attempts(let filter):
            return try await stores.withPostgres { postgres in
                let sale = try await SaleFinder(postgres: postgres).current().id
                return try await StoreQuery.attempts(of: sale, filter, on: postgres)
            }
        case .ledger, .stock:
            return try await stores.withPostgres { postgres in
                let sale = try await SaleFinder(postgres: postgres).current().id
                return try await StoreQuery.select(
                    """
                    select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, kind, user_id,
                        encode(hold_id, 'hex') as hold, unit, user_slot, epoch, seq, idx
                    from ledger where sale_id = \(sale) order by epoch desc, seq desc, idx desc
                    limit \(StoreQuery.lastRows)
                    """,
                    on: postgres
                )
            }
        }
    }

    /// The last attempts of a sale. They have no order but the one they were written in while the sale sells: the end
    /// of the table is looked at first, and all of it only when too little is found there.
    private static func attempts(
        of sale: SaleID,
        _ filter: String?,
        on postgres: PostgresConnection
    ) async throws -> RowsReport {
        let outcome = Outcome.allCases.first { $0.name == filter }
        let letter = outcome.map { String(Character(UnicodeScalar($0.rawValue))) }
        let user = outcome == nil ? filter : nil
        let blocks = try await postgres.query(
            """
            select coalesce(pg_relation_size(to_regclass('attempts_s' || \(sale)::text))
                / current_setting('block_size')::bigint, 0)
            """
        ).one()[0].int
        func rows(from block: Int) async throws -> RowsReport {
            try await select(
                """
                select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, user_id, item_id,
                    case outcome when 'H' then 'held' when 'S' then 'sold_out'
                    when 'L' then 'user_limit' when 'B' then 'banned' end as outcome, epoch, seq, idx
                from attempts where sale_id = \(sale) and ctid >= \("(\(block),0)")::tid
                    and (\(letter)::text is null or outcome = \(letter)::"char")
                    and (\(user)::text is null or user_id = \(user))
                order by epoch desc, seq desc, idx desc limit \(lastRows)
                """,
                on: postgres
            )
        }
        let end = max(0, blocks - lastBlocks)
        let found = try await rows(from: end)
        return found.rows.count == lastRows || end == 0 ? found : try await rows(from: 0)
    }

    private static func select(_ statement: SQL, on postgres: PostgresConnection) async throws -> RowsReport {
        let options = TransactionOptions(readOnly: true, statementTimeout: patience)
        return try await postgres.transaction(options) { session in
            RowsReport(try session.query(statement), most: mostRows)
        }
    }
}

/// The commands of Redis that neither write nor read without bound.
enum RedisReading {
    /// A name, and which words may follow it; nil for any.
    private static let allowed: [String: Set<String>?] = [
        "PING": nil, "TIME": nil, "DBSIZE": nil, "INFO": nil, "TYPE": nil, "TTL": nil, "PTTL": nil, "EXISTS": nil,
        "GET": nil, "STRLEN": nil, "HGET": nil, "HMGET": nil, "HEXISTS": nil, "HLEN": nil, "HSTRLEN": nil,
        "ZCARD": nil, "ZSCORE": nil, "ZRANK": nil, "ZCOUNT": nil, "XLEN": nil, "LLEN": nil, "SCARD": nil,
        "LASTSAVE": nil, "ROLE": nil,
        "XINFO": ["STREAM", "GROUPS"], "CONFIG": ["GET"], "CLIENT": ["LIST", "INFO", "ID", "GETNAME"],
        "MEMORY": ["USAGE", "STATS", "DOCTOR"], "OBJECT": ["ENCODING", "IDLETIME", "FREQ"],
        "SLOWLOG": ["GET", "LEN"], "LATENCY": ["LATEST", "DOCTOR", "HISTORY"], "COMMAND": ["COUNT", "INFO"],
    ]
    /// They take `COUNT n` or `LIMIT offset n`, and must.
    private static let counted: [String: String] = [
        "XRANGE": "COUNT", "XREVRANGE": "COUNT", "HSCAN": "COUNT", "ZSCAN": "COUNT", "HRANDFIELD": "",
        "ZRANGEBYSCORE": "LIMIT", "ZREVRANGEBYSCORE": "LIMIT",
    ]
    private static let mostElements = 1000

    /// Refuses what is not on the list.
    static func check(_ words: [String]) throws(CommandFailure) {
        guard let first = words.first else {
            throw CommandFailure(
                .usage,
                "redis needs a command",
                nextStep: "redis hgetall is not allowed; redis info is"
            )
        }
        let name = first.uppercased()
        if let following = allowed[name] {
            guard let following else { return }
            guard words.count > 1, following.contains(words[1].uppercased()) else {
                throw refused("\(name) is allowed with \(following.sorted().joined(separator: ", ")) only")
            }
            return
        }
        guard let word = counted[name] else {
            throw refused("\(name) may write, or read without bound")
        }
        // The last word is the number of elements in each of them.
        let names = words.dropFirst().map { $0.uppercased() }
        guard word.isEmpty || names.contains(word), let last = words.last, let count = Int(last),
            abs(count) <= mostElements
        else {
            let form = word.isEmpty ? "a count" : "\(word)\(word == "LIMIT" ? " 0" : "") n"
            throw refused("\(name) must end with \(form), n at most \(mostElements)")
        }
    }

    private static func refused(_ why: String) -> CommandFailure {
        CommandFailure(
            .declined,
            "this is not sent to a Redis that serves a sale: \(why)",
            nextStep: "use redis-cli if you must; the reading commands here are "
                + (allowed.keys.map { $0 } + counted.keys).sorted().joined(separator: ", ").lowercased()
        )
    }
}
