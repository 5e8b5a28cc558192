/// What an audit has to know of a sale besides its records, read in the same snapshot.
struct ReplayFacts: Sendable {
    /// A rebuild from the ledger: what was decided above these steps in older epochs was lost with Redis.
    struct Rebuild: Sendable {
        var epoch: Int64
        var ledgerSeq: Int64
        var attemptsSeq: Int64
    }

    var at = Timestamp(microseconds: 0)
    var rebuilds: [Rebuild] = []
    /// Up to which step each stream has been drained.
    var drained: [JournalStream: Int64] = [:]
    /// Rows that the drains say they have brought.
    var drainedRows: [JournalStream: Int64] = [:]
    /// What reconciliations have put on record.
    var notes = ReconciledNotes()
    /// Dead letters that nobody has repaired.
    var deadLetters = 0
    /// Whether nothing of it can be in the journal any more.
    var isFinished = false

    func drained(_ stream: JournalStream) -> Int64 { isFinished ? .max : drained[stream] ?? 0 }

    /// Whether the record of this stream at this place was lost with Redis.
    func isLost(_ stream: JournalStream, _ place: RecordPosition) -> Bool {
        if notes.isLost(stream, place.seq) { return true }
        return rebuilds.contains { rebuild in
            let known = stream == .ledger ? rebuild.ledgerSeq : rebuild.attemptsSeq
            return place.epoch < rebuild.epoch && place.seq > known
        }
    }

    /// Whether a step without any record is explained: a rebuild went on above it, or a reconciliation has noted it.
    func explainsGap(_ seq: Int64) -> Bool {
        notes.explains(seq)
            || rebuilds.contains { rebuild in
                let (low, high) = (rebuild.ledgerSeq, rebuild.attemptsSeq)
                return seq > min(low, high) && seq <= max(low, high)
            }
    }

    static func read(_ sale: Sale, _ session: PostgresSession) throws -> ReplayFacts {
        var facts = ReplayFacts()
        facts.isFinished = sale.finishedAt != nil
        facts.at = try session.query("select now() as at").one()["at"].timestamp
        for row in try session.query(
            """
            select epoch, ledger_seq, attempts_seq from recoveries where sale_id = \(sale.id) and kind = 'rebuilt'
            order by epoch
            """
        ) {
            facts.rebuilds.append(
                Rebuild(
                    epoch: try row["epoch"].int64,
                    ledgerSeq: try row["ledger_seq"].int64,
                    attemptsSeq: try row["attempts_seq"].int64
                )
            )
        }
        for row in try session.query(
            "select stream, last_seq, drained_rows from journal_cursor where sale_id = \(sale.id)"
        ) {
            guard let stream = JournalStream(rawValue: try row["stream"].text) else { continue }
            facts.drained[stream] = try row["last_seq"].int64
            facts.drainedRows[stream] = try row["drained_rows"].int64
        }
        var recount = PostgresRecount(sale.id)
        try recount.readNotes(session)
        facts.notes = recount.notes
        facts.deadLetters = try session.query(
            "select count(*) as n from dead_letter where sale_id = \(sale.id) and repaired_at is null"
        ).one()["n"].int
        return facts
    }
}
