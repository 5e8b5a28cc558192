import Crypto

/// Entries that were drained some time ago and are still in Redis: a second witness of what Postgres recorded then.
struct RetainedJournal: Sendable {
    /// A batch of attempts as the journal has it.
    struct Batch: Sendable {
        var epoch: Int64
        var id: StreamID
        var at: Timestamp
        /// Letter and user by index; repeats leave no record and are not in it.
        var rows: [Int64: Row]

        /// A hash of everything that the rows say, as Postgres makes it of its own.
        var hash: String {
            var digest = Insecure.MD5()
            for (number, (index, row)) in rows.sorted(by: { $0.key < $1.key }).enumerated() {
                let letter = Character(UnicodeScalar(row.outcome))
                let line = "\(epoch)\t\(index)\t\(letter)\t\(row.user.text)\t\(row.item)"
                digest.update(data: Array((number == 0 ? line : "\n" + line).utf8))
            }
            return digest.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
    }

    /// An attempt.
    struct Row: Sendable, Equatable {
        var outcome: UInt8
        var user: UserID
        var item: Int64
    }

    /// The newest batches at or in front of the cursor, by step.
    var batches: [Int64: Batch] = [:]
    /// The newest rows of the ledger at or in front of the cursor.
    var ledger: [LedgerRow] = []
    /// The entry at each cursor, and its step; nil when it is no longer there.
    var atCursor: [JournalStream: (id: StreamID, seq: Int64)] = [:]

    /// Entries and bytes that are compared at most: under full load the streams keep much more.
    private static let mostEntries = 2000
    private static let mostBytes = 16 << 20

    /// Reads backwards from the cursors.
    static func read(_ recount: PostgresRecount, from redis: RedisClient) async throws -> RetainedJournal {
        var journal = RetainedJournal()
        for stream in JournalStream.allCases {
            let key = stream.key(SaleKeys(recount.saleID))
            var position = "\(recount.cursor(stream).lastID)"
            var (entries, bytes) = (0, 0)
            while entries < mostEntries, bytes < mostBytes {
                let reply = try await redis.send(RedisCommand("XREVRANGE", key, position, "-", "COUNT", "100"))
                let page = try StreamEntry.parse(reply, from: key)
                for entry in page {
                    journal.take(entry, stream)
                    bytes += entry.size
                }
                entries += page.count
                guard let last = page.last, page.count == 100 else { break }
                position = "(\(last.id)"
            }
        }
        return journal
    }

    private mutating func take(_ entry: StreamEntry, _ stream: JournalStream) {
        if atCursor[stream] == nil { atCursor[stream] = (entry.id, entry.number("q") ?? 0) }
        switch stream {
        case .ledger:
            var letters: [DeadLetter] = []
            LedgerEntry.decode(entry, rows: &ledger, dead: &letters)
        case .attempts:
            guard let batch = AttemptsEntry(entry) else { return }
            var rows: [Int64: Row] = [:]
            var letters: [DeadLetter] = []
            batch.forEach(dead: &letters) { attempt in
                rows[Int64(attempt.index)] = Row(
                    outcome: attempt.letter,
                    user: attempt.userID,
                    item: attempt.item
                )
            }
            batches[batch.seq] = Batch(epoch: batch.epoch, id: entry.id, at: batch.at, rows: rows)
        }
    }
}

/// What a row of the retained journal lacks in Postgres.
struct RetainedFault: Sendable {
    /// What is wrong with it.
    enum Kind: Sendable, Equatable { case missing, differs(String) }

    let step: JournalTail.Step
    let kind: Kind
    /// The attempt as decided; nil for a row of the ledger.
    let attempt: RetainedJournal.Row?
    /// The row of the ledger as decided.
    let ledgerRow: LedgerRow?
    let at: Timestamp
}

extension RetainedJournal {
    /// Compares with Postgres. Rows that are drained never change, so this needs no snapshot.
    func faults(_ recount: PostgresRecount, from postgres: PostgresConnection) async throws -> [RetainedFault] {
        var faults = try await ledgerFaults(recount, from: postgres)
        if recount.attempts != nil { faults += try await attemptFaults(recount, from: postgres) }
        return faults
    }

    private func ledgerFaults(
        _ recount: PostgresRecount,
        from postgres: PostgresConnection
    ) async throws -> [RetainedFault] {
        let rows = ledger.filter { !recount.deadEntries.contains($0.entryID) }
        guard !rows.isEmpty else { return [] }
        let missing = try await postgres.query(
            """
            select n - 1 as position, l.seq is null as missing from unnest(
                \(rows.map(\.epoch)), \(rows.map(\.seq)), \(rows.map(\.index)), \(rows.map(\.kind.rawValue)),
                \(rows.map { $0.holdID ?? HoldID(high: 0, low: 0) }), \(rows.map(\.userID)), \(rows.map(\.itemID)),
                \(rows.map(\.at)), \(rows.map { $0.deadline ?? Timestamp(microseconds: 0) })
            ) with ordinality as r(epoch, seq, idx, kind, hold_id, user_id, item_id, at, deadline, n)
            left join ledger l on l.sale_id = \(recount.saleID) and (l.epoch, l.seq, l.idx) = (r.epoch, r.seq, r.idx)
            where l.seq is null or l.kind <> r.kind or l.at <> r.at
                or (l.hold_id is not null and (l.hold_id, l.user_id, l.item_id) <> (r.hold_id, r.user_id, r.item_id))
                or (l.kind = 'held' and l.deadline <> r.deadline)
            order by r.epoch, r.seq, r.idx
            """,
            timeout: PostgresRecount.statementTimeout
        )
        return try missing.map { row in
            let lost = rows[try row["position"].int]
            return RetainedFault(
                step: JournalTail.Step(epoch: lost.epoch, seq: lost.seq, index: Int64(lost.index)),
                kind: try row["missing"].bool ? .missing : .differs("kind, hold, user, item, time or deadline"),
                attempt: nil,
                ledgerRow: lost,
                at: lost.at
            )
        }
    }

    private func attemptFaults(
        _ recount: PostgresRecount,
        from postgres: PostgresConnection
    ) async throws -> [RetainedFault] {
        let batches = batches.filter { !recount.deadEntries.contains($0.value.id) }
        guard let first = batches.keys.min() else { return [] }
        let partition = AttemptsBatch.partition(of: recount.saleID)
        // First one aggregate over the table, then the rows of the steps that differ: a hash of all that a row says.
        var hashes: [Int64: String] = [:]
        for row in try await postgres.query(
            """
            select seq, md5(string_agg(concat_ws(E'\\t', epoch, idx, outcome, user_id, item_id), E'\\n' order by idx))
                as hash, min(at) as first, max(at) as last
            from \(identifier: partition) where seq >= \(first) group by seq
            """,
            timeout: PostgresRecount.statementTimeout
        ) {
            let seq = try row["seq"].int64
            // All attempts of a batch were decided at one time.
            guard let at = batches[seq]?.at, try row["first"].timestamp == at, try row["last"].timestamp == at else {
                continue
            }
            hashes[seq] = try row["hash"].text
        }
        let suspects = batches.filter { seq, batch in !batch.rows.isEmpty && batch.hash != hashes[seq] }
        var faults: [RetainedFault] = []
        for (seq, batch) in suspects.sorted(by: { $0.key < $1.key }).prefix(Invariant.maximumFindings) {
            faults += try await compare(seq, batch, partition, postgres)
        }
        return faults
    }

    private func compare(
        _ seq: Int64,
        _ batch: Batch,
        _ partition: String,
        _ postgres: PostgresConnection
    ) async throws -> [RetainedFault] {
        var found: [Int64: Row] = [:]
        var times: [Int64: Timestamp] = [:]
        for row in try await postgres.query(
            """
            select idx, outcome::text as outcome, user_id, item_id, at from \(identifier: partition)
            where seq = \(seq) and epoch = \(batch.epoch)
            """,
            timeout: PostgresRecount.statementTimeout
        ) {
            times[try row["idx"].int64] = try row["at"].timestamp
            found[try row["idx"].int64] = Row(
                outcome: try row["outcome"].text.utf8.first ?? 0,
                user: try row["user_id"].userID,
                item: try row["item_id"].int64
            )
        }
        return batch.rows.sorted { $0.key < $1.key }.compactMap { index, row in
            guard found[index] != row || times[index] != batch.at else { return nil }
            let kind: RetainedFault.Kind =
                if let other = found[index] {
                    .differs(
                        other.outcome != row.outcome
                            ? "outcome \(Character(UnicodeScalar(other.outcome))) instead of "
                                + "\(Character(UnicodeScalar(row.outcome)))" : "user, item or time"
                    )
                } else {
                    .missing
                }
            return RetainedFault(
                step: JournalTail.Step(epoch: batch.epoch, seq: seq, index: index),
                kind: kind,
                attempt: row,
                ledgerRow: nil,
                at: batch.at
            )
        }
    }
}
