/// The part of the journal that Postgres did not have when it was read, up to the instant at which Redis was read.
struct JournalTail: Sendable {
    /// Rows of the ledger in order.
    var ledger: [LedgerRow] = []
    /// Attempts that got a hold, by step and index, with their users.
    var held: [Step: UserID] = [:]
    /// Steps of both streams.
    var steps: Set<Int64> = []
    /// The epoch of each step.
    var epochs: [Int64: Int64] = [:]
    /// First step of each stream.
    var firstSeq: [JournalStream: Int64] = [:]
    var entries: [JournalStream: Int] = [:]
    /// Where what is recorded ends, for a cursor that is behind it.
    var recordedEnd: [JournalStream: StreamID] = [:]
    var attempts = 0
    /// Lines that no table will take.
    var dead = 0
    /// Latest time.
    var latest: Int64 = 0

    /// One row of a step.
    struct Step: Hashable, Sendable {
        var epoch: Int64
        var seq: Int64
        var index: Int64
    }

    private static let pageSize = 200

    /// Reads what is behind the cursors, up to the ends of the streams as `contents` has them.
    static func read(
        _ recount: PostgresRecount,
        _ contents: RedisContents,
        from redis: RedisClient
    ) async throws -> JournalTail {
        var tail = JournalTail()
        for stream in JournalStream.allCases {
            let end = contents.stream(stream).lastID
            var position = recount.cursor(stream).lastID
            let key = stream.key(SaleKeys(recount.saleID))
            while position < end {
                let reply = try await redis.send(
                    RedisCommand("XRANGE", key, "(\(position)", "\(end)", "COUNT", "\(pageSize)")
                )
                let page = try StreamEntry.parse(reply, from: key)
                let recorded = stream == .ledger ? recount.ledger : recount.attempts
                for entry in page {
                    tail.take(entry, stream)
                    if let seq = entry.number("q"), seq <= recorded?.drainedSeq ?? 0 {
                        tail.recordedEnd[stream] = entry.id
                    }
                }
                guard let last = page.last else { break }
                position = last.id
            }
        }
        return tail
    }

    private mutating func take(_ entry: StreamEntry, _ stream: JournalStream) {
        entries[stream, default: 0] += 1
        latest = max(latest, entry.number("t") ?? 0)
        if let seq = entry.number("q") {
            steps.insert(seq)
            epochs[seq] = entry.number("e") ?? 0
            firstSeq[stream] = min(firstSeq[stream] ?? .max, seq)
        }
        switch stream {
        case .ledger:
            var letters: [DeadLetter] = []
            LedgerEntry.decode(entry, rows: &ledger, dead: &letters)
            dead += letters.count
        case .attempts:
            guard let batch = AttemptsEntry(entry) else { return dead += 1 }
            var letters: [DeadLetter] = []
            batch.forEach(dead: &letters) { attempt in
                attempts += 1
                guard attempt.letter == Outcome.held.rawValue else { return }
                let step = Step(epoch: batch.epoch, seq: batch.seq, index: Int64(attempt.index))
                held[step] = attempt.userID
            }
            dead += letters.count
        }
    }
}

extension LooseEnds.Row {
    var step: JournalTail.Step { JournalTail.Step(epoch: epoch, seq: seq, index: index) }
}
