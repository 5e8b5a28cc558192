import FlashSaleKit

/// Statements of Postgres that only look. It keeps from accidents, not from intent: whoever has the rights of the
/// connection can use them elsewhere too.
enum StatementReading {
    /// What a statement may begin with. COPY writes files and starts programs, SET would outlive the look.
    private static let beginnings = ["select", "with", "values", "table", "show", "explain"]
    /// Longest that a statement may take; Postgres itself ends it after that.
    private static let patience = Duration.seconds(10)

    /// Carries the rows out of a transaction, so that it is rolled back: what a function has done is undone.
    private struct Undone: Error {
        let rows: RowsReport
    }

    /// The statement without its end.
    /// - Throws: ``CommandFailure`` when it does not begin as one that reads.
    static func checked(_ text: String) throws(CommandFailure) -> (text: String, word: String) {
        var rest = text[...]
        while let last = rest.last, last == ";" || last.isWhitespace { rest.removeLast() }
        let statement = String(rest)
        while let first = rest.first, first == "(" || first.isWhitespace { rest.removeFirst() }
        let word = rest.prefix { $0.isLetter }.lowercased()
        guard !statement.isEmpty else {
            throw CommandFailure(.usage, "sql needs a statement", nextStep: "sql select * from sales limit 5")
        }
        guard beginnings.contains(word) else {
            throw CommandFailure(
                .declined,
                "sql only reads: '\(DisplayWidth.harmless(word))' is not run",
                nextStep: "begin with \(beginnings.joined(separator: ", ")), or use psql if you must"
            )
        }
        return (statement, word)
    }

    /// Runs a statement on a connection of its own, with reading rights only where Postgres lets us give up the others.
    static func rows(of text: String, _ stores: Stores) async throws -> RowsReport {
        let (statement, word) = try checked(text)
        return try await stores.withPostgres(options: PostgresOptions()) { postgres in
            do {
                let options = TransactionOptions(readOnly: true, statementTimeout: patience + .seconds(1))
                try await postgres.transaction(options) { session in
                    let limit = patience / .milliseconds(1)
                    let rights = try session.query(
                        """
                        select set_config('statement_timeout', \(Int(limit))::text, true),
                            pg_has_role(current_user, 'pg_read_all_data', 'member') as may_give_up
                        """
                    ).one()
                    if try rights["may_give_up"].bool { try session.query("set local role pg_read_all_data") }
                    throw Undone(rows: try read(statement, isCounted: word != "show" && word != "explain", session))
                }
                return RowsReport(columns: [], rows: [])
            } catch let undone as Undone {
                return undone.rows
            }
        }
    }

    /// Through a cursor, so that no more is fetched than is shown; SHOW and EXPLAIN have none, and are short.
    private static func read(_ text: String, isCounted: Bool, _ session: PostgresSession) throws -> RowsReport {
        guard isCounted else { return RowsReport(try session.query(SQL(unsafeRaw: text)), most: StoreQuery.mostRows) }
        try session.query(SQL(unsafeRaw: "declare shell_rows no scroll cursor for \(text)"))
        let rows = try session.query(SQL(unsafeRaw: "fetch \(StoreQuery.mostRows + 1) from shell_rows"))
        return RowsReport(rows, most: StoreQuery.mostRows)
    }
}
