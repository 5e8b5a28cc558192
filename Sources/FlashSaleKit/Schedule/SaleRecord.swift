/// What Postgres has recorded of a sale, in numbers.
public struct SaleRecord: Sendable, Equatable {
    /// Rows of `attempts` by outcome.
    public var outcomes: [Outcome: Int] = [:]
    /// Rows of `purchases`.
    public var purchases = 0
    /// Rows of the ledger by kind.
    public var held = 0
    /// Purchases in the ledger; more than `purchases` when some were refused.
    public var purchasedInLedger = 0
    /// Holds that lapsed.
    public var expired = 0
    /// Holds that were given back.
    public var released = 0
    /// Attempts whose hold went with the data of Redis or in a gap, as is on record; see `readLosses`.
    var withoutHold = 0
    /// Holds whose attempt did.
    var withoutAttempt = 0
    /// Dead letters that nobody has repaired.
    public var deadLetters = 0
    /// Where the ledger has been drained to.
    public var ledgerCursor = StreamID.zero
    /// Where the attempts have been drained to.
    public var attemptsCursor = StreamID.zero

    /// All attempts.
    public var attempts: Int { outcomes.values.reduce(0, +) }

    /// Counts the records of a sale. Reads its whole partition of `attempts`: seconds, for millions.
    public static func read(_ sale: SaleID, from postgres: PostgresConnection) async throws -> SaleRecord {
        var record = SaleRecord()
        let partition = AttemptsBatch.partition(of: sale)
        let attempts = try await postgres.query(
            "select outcome::text as outcome, count(*) as n from \(identifier: partition) group by 1",
            timeout: .seconds(120)
        )
        for row in attempts {
            guard let letter = try row["outcome"].text.utf8.first, let outcome = Outcome(rawValue: letter) else {
                throw PostgresError(.decoding, "an attempt of sale \(sale) has an unknown outcome")
            }
            record.outcomes[outcome] = try row["n"].int
        }
        let row = try await postgres.query(
            """
            select (select count(*) from purchases where sale_id = s.id) as purchases,
                count(l.*) filter (where l.kind = 'held') as held,
                count(l.*) filter (where l.kind = 'purchased') as purchased,
                count(l.*) filter (where l.kind = 'expired') as expired,
                count(l.*) filter (where l.kind = 'released') as released,
                (select count(*) from dead_letter where sale_id = s.id and repaired_at is null) as dead,
                (select last_id from journal_cursor where sale_id = s.id and stream = 'ledger') as ledger,
                (select last_id from journal_cursor where sale_id = s.id and stream = 'attempts') as attempts
            from sales s left join ledger l on l.sale_id = s.id where s.id = \(sale) group by s.id
            """,
            timeout: .seconds(120)
        ).one()
        record.purchases = try row["purchases"].int
        record.held = try row["held"].int
        record.purchasedInLedger = try row["purchased"].int
        record.expired = try row["expired"].int
        record.released = try row["released"].int
        record.deadLetters = try row["dead"].int
        record.ledgerCursor = StreamID(try row["ledger"].text) ?? .zero
        record.attemptsCursor = StreamID(try row["attempts"].text) ?? .zero
        return record
    }

    /// Counts what a recovery explains, where holds and attempts differ: it compares them row by row.
    mutating func readLosses(of sale: SaleID, from postgres: PostgresConnection) async throws {
        guard outcomes[.held] ?? 0 != held else { return }
        // The conditions are those of the recount: a rebuild goes on above the last steps that each table had then, and
        // what a gap of the journal has swallowed is noted.
        let row = try await postgres.query(
            """
            with lost as materialized (
                select split_part(detail, E'\\t', 2)::bigint as first, split_part(detail, E'\\t', 3)::bigint as last,
                    detail like 'lost-ledger%' as of_ledger
                from ledger where sale_id = \(sale) and kind = 'reconciled' and detail like 'lost-%')
            select count(*) filter (where l.seq is null) as without_hold,
                count(*) filter (where a.seq is null) as without_attempt
            from (select epoch, seq, idx from ledger where sale_id = \(sale) and kind = 'held') l
            full join (select epoch, seq, idx from \(identifier: AttemptsBatch.partition(of: sale))
                where outcome = 'H') a on (l.epoch, l.seq, l.idx) = (a.epoch, a.seq, a.idx)
            where (l.seq is null or a.seq is null) and (exists (
                select 1 from recoveries r
                where r.sale_id = \(sale) and r.kind = 'rebuilt' and coalesce(l.epoch, a.epoch) < r.epoch
                    and case when l.seq is null then r.ledger_seq < a.seq and a.seq <= r.attempts_seq
                        else r.attempts_seq < l.seq and l.seq <= r.ledger_seq end)
                or exists (
                    select 1 from lost where coalesce(l.seq, a.seq) between lost.first and lost.last
                        and (lost.of_ledger or a.seq is null)))
            """,
            timeout: .seconds(120)
        ).one()
        withoutHold = try row["without_hold"].int
        withoutAttempt = try row["without_attempt"].int
    }

    /// In what this record and Redis disagree, for a sale that is over and drained. Every sentence is a fault.
    func disagreements(with snapshot: SaleSnapshot) -> [String] {
        var problems: [String] = []
        func check(_ condition: Bool, _ problem: String) {
            if !condition { problems.append(problem) }
        }
        check(snapshot.isConsistent, "Redis: free + held + sold is not the stock, or a key does not agree")
        check(snapshot.held == 0, "Redis: \(snapshot.held) units are still held")
        check(deadLetters == 0, "\(deadLetters) rows of the journal are dead letters")
        check(purchases == snapshot.sold, "\(purchases) purchases are recorded, \(snapshot.sold) were sold")
        check(
            purchasedInLedger == purchases,
            "the ledger has \(purchasedInLedger) purchases, the table of purchases \(purchases)"
        )
        check(
            held == purchasedInLedger + expired + released,
            "\(held) holds began, \(purchasedInLedger) were bought, \(expired) lapsed, \(released) were given back"
        )
        check(
            (outcomes[.held] ?? 0) - withoutHold == held - withoutAttempt,
            "\(outcomes[.held] ?? 0) attempts got a hold, the ledger has \(held)"
        )
        // A stream that never had an entry has only the id with which it was made.
        check(
            snapshot.ledger.entries == 0 || StreamID(snapshot.ledger.lastID) == ledgerCursor,
            "the ledger ends at \(snapshot.ledger.lastID) and was drained to \(ledgerCursor)"
        )
        check(
            snapshot.attempts.entries == 0 || StreamID(snapshot.attempts.lastID) == attemptsCursor,
            "the attempts end at \(snapshot.attempts.lastID) and were drained to \(attemptsCursor)"
        )
        return problems
    }
}
