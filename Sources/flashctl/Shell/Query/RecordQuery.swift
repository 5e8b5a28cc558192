import ArgumentParser
import FlashSaleKit

/// The last records of a sale in Postgres, or its units in Redis.
struct RecordQuery: Sendable {
    /// What is looked at; the names are those that are typed.
    enum Kind: String, Sendable {
        case stock, attempts, ledger
    }

    /// Behind the name.
    struct Options: ParsableArguments {
        @Argument(help: "An outcome, or a user.")
        var filter: String?

        @Option(help: "Number of the sale, or current.")
        var sale = SaleArgument.current

        @OptionGroup var outputOptions: OutputOptions
    }

    let kind: Kind
    let options: Options

    private static let lastRows = 20
    /// The end of the attempts that is looked at first: 16 MB, or 170,000 attempts.
    private static let lastBlocks = 2048
    private static let patience = Duration.seconds(10)
    private static let time: SQL = SQL(
        unsafeRaw: #"to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at"#
    )

    /// - Parameter format: used unless the words name one.
    init(_ kind: Kind, _ words: [String], _ format: Output.Format?) throws(CommandFailure) {
        self.kind = kind
        let names = ["-o", "--output"]
        let isGiven = words.contains { word in names.contains { word == $0 || word.hasPrefix($0 + "=") } }
        do {
            options = try Options.parse(words + (isGiven ? [] : format.map { ["--output", $0.rawValue] } ?? []))
        } catch {
            throw RecordQuery.usage(kind, Options.message(for: error))
        }
        if let word = options.filter, kind != .attempts {
            throw RecordQuery.usage(kind, "\(kind.rawValue) takes no '\(DisplayWidth.harmless(word))'")
        }
        if options.sale == .all { throw RecordQuery.usage(kind, "--sale takes the number of one sale, or current") }
    }

    private static func usage(_ kind: Kind, _ message: String) -> CommandFailure {
        CommandFailure(.usage, message, nextStep: "\\h \(kind.rawValue) says how it is used")
    }

    /// What was asked for.
    func report(_ stores: Stores, drawsBlocks: Bool) async throws -> any Report & Sendable {
        let sale = try await stores.withPostgres { try await SaleFinder(postgres: $0).find(options.sale)[0].id }
        switch kind {
        case .stock: return try await StockReport.read(sale, stores, drawsBlocks: drawsBlocks)
        case .attempts: return try await stores.withPostgres { try await attempts(of: sale, $0) }
        case .ledger:
            return try await stores.withPostgres { postgres in
                try await RecordQuery.select(
                    """
                    select \(RecordQuery.time), kind, user_id, encode(hold_id, 'hex') as hold, unit, user_slot, epoch,
                        seq, idx
                    from ledger where sale_id = \(sale) order by epoch desc, seq desc, idx desc
                    limit \(RecordQuery.lastRows)
                    """,
                    postgres
                )
            }
        }
    }

    /// The last attempts. They have no order but the one they were written in while the sale sells: the end of the
    /// table is looked at first, and all of it only when too little is found there.
    private func attempts(of sale: SaleID, _ postgres: PostgresConnection) async throws -> RowsReport {
        let outcome = Outcome.allCases.first { $0.name == options.filter }
        let letter = outcome.map { String(Character(UnicodeScalar($0.rawValue))) }
        let user = outcome == nil ? options.filter : nil
        let blocks = try await postgres.query(
            """
            select coalesce(pg_relation_size(to_regclass('attempts_s' || \(sale)::text))
                / current_setting('block_size')::bigint, 0)
            """
        ).one()[0].int
        func rows(from block: Int) async throws -> RowsReport {
            try await RecordQuery.select(
                """
                select \(RecordQuery.time), user_id, item_id,
                    case outcome when 'H' then 'held' when 'S' then 'sold_out' when 'L' then 'user_limit'
                        when 'B' then 'banned' end as outcome, epoch, seq, idx
                from attempts where sale_id = \(sale) and ctid >= \("(\(block),0)")::tid
                    and (\(letter)::text is null or outcome = \(letter)::"char")
                    and (\(user)::text is null or user_id = \(user))
                order by epoch desc, seq desc, idx desc limit \(RecordQuery.lastRows)
                """,
                postgres
            )
        }
        let end = max(0, blocks - RecordQuery.lastBlocks)
        let found = try await rows(from: end)
        return found.rows.count == RecordQuery.lastRows || end == 0 ? found : try await rows(from: 0)
    }

    private static func select(_ statement: SQL, _ postgres: PostgresConnection) async throws -> RowsReport {
        try await postgres.transaction(TransactionOptions(readOnly: true, statementTimeout: patience)) { session in
            RowsReport(try session.query(statement), most: lastRows)
        }
    }
}
