/// How far a stream has been drained: the row of `journal_cursor`, as this process last saw it.
struct JournalCursor: Sendable, Equatable {
    let saleID: SaleID
    let stream: JournalStream
    /// The epoch under which the stream may be drained.
    var epoch: Int64
    /// The last entry that is in Postgres.
    var lastID: StreamID

    /// Reads the row.
    static func load(
        _ saleID: SaleID,
        _ stream: JournalStream,
        from postgres: PostgresConnection
    ) async throws -> JournalCursor {
        try await look(saleID, stream, on: postgres).cursor
    }

    /// Reads the row, and in the same statement what the connection may be used for.
    static func look(
        _ saleID: SaleID,
        _ stream: JournalStream,
        on postgres: PostgresConnection
    ) async throws -> (cursor: JournalCursor, standing: PostgresStanding) {
        let rows = try await postgres.query(
            """
            select epoch, last_id, \(PostgresStanding.columns) from journal_cursor
            where sale_id = \(saleID) and stream = \(stream.rawValue)
            """
        )
        guard let row = rows.first else {
            throw JournalError(
                .cursorMissing,
                "sale \(saleID) has no cursor for its \(stream.rawValue)",
                nextStep: "only seed-sale and rotate-hour create sales; compare sales with journal_cursor"
            )
        }
        let text = try row["last_id"].text
        guard let lastID = StreamID(text) else {
            throw JournalError(.cursorMissing, "the \(stream.rawValue) cursor of sale \(saleID) is no id: \(text)")
        }
        let epoch = try row["epoch"].int64
        return (
            JournalCursor(saleID: saleID, stream: stream, epoch: epoch, lastID: lastID), try PostgresStanding(row)
        )
    }

    /// Refuses a cursor of another epoch: another process has recovered this sale since `epoch` was validated.
    func check(epoch expected: Int64) throws(JournalError) {
        guard epoch == expected else {
            throw JournalError(
                .fenced,
                "the \(stream.rawValue) of sale \(saleID) is at epoch \(epoch), not at \(expected)",
                nextStep: "validate the Redis connections again"
            )
        }
    }
}

extension JournalDrain.Portion {
    /// Locks the cursor if it is where this portion begins; no row when it is elsewhere or locked by another drainer.
    func lockCursor(of stream: JournalStream) -> SQL {
        """
        select sale_id from journal_cursor
        where sale_id = \(saleID) and stream = \(stream.rawValue) and epoch = \(epoch)
            and last_id = \(from.description)
        for update skip locked
        """
    }

    /// What `update journal_cursor` sets when this portion was written.
    var progress: SQL {
        """
        last_id = \(to.description), drained_entries = drained_entries + \(entries.count),
            last_seq = greatest(last_seq, \(highest("q") ?? 0)),
            last_at = greatest(last_at, \(highest("t").map { Timestamp(microseconds: $0) })), updated_at = now()
        """
    }

    /// The largest number that entries have in this field. What no timestamp of Postgres could hold is an unreadable
    /// entry's, and must not keep the others from being written.
    private func highest(_ field: Character) -> Int64? {
        entries.lazy.compactMap { $0.number(field) }.filter { $0 < Self.endOfTime }.max()
    }

    /// The year 10000 in microseconds.
    static let endOfTime: Int64 = 253_402_300_800_000_000
}
