import NIOCore

/// A dead letter that nobody has repaired.
///
/// Repaired means: what refused the row is gone. Either the cause was in Postgres (a constraint, a type, an encoding,
/// another row in its place) and was removed there, or the payload itself is at fault and was corrected in
/// `dead_letter`. Then the row can be written as the drain would have written it.
public struct WaitingLetter: Sendable, Equatable {
    /// Its number in `dead_letter`.
    public let id: Int64
    /// The sale.
    public let saleID: SaleID
    /// The stream it came from.
    public let stream: JournalStream
    /// The entry it came from.
    public let entryID: String
    /// Row of the entry; −1 stands for all of them.
    public let index: Int64
    /// Kind of the row; `entry` for a whole one.
    public let kind: String
    /// SQLSTATE of the last refusal.
    public let sqlState: String
    /// Why it was refused, without values.
    public let reason: String
    /// When it was refused first.
    public let createdAt: Timestamp
    /// Why it cannot be repaired as it is; nil when it can be tried.
    public internal(set) var obstacle: String?
    let payload: [UInt8]
    var step: DeadLetter.Step?

    static let select: SQL = """
        select id, sale_id, stream, entry_id, idx, kind, payload, sqlstate, reason, created_at, epoch, seq, at
        from dead_letter
        """

    init?(_ row: PostgresRow) throws {
        guard let stream = JournalStream(rawValue: try row["stream"].text) else { return nil }
        self.stream = stream
        id = try row["id"].int64
        saleID = try row["sale_id"].saleID
        entryID = try row["entry_id"].text
        index = try row["idx"].int64
        kind = try row["kind"].text
        payload = try row["payload"].bytes
        sqlState = try row["sqlstate"].text
        reason = try row["reason"].text
        createdAt = try row["created_at"].timestamp
        if let epoch = try row["epoch"].optional?.int64, let seq = try row["seq"].optional?.int64,
            let at = try row["at"].optional?.timestamp
        {
            step = DeadLetter.Step(epoch: epoch, seq: seq, at: at)
        }
    }

    /// What the letter holds, once it can be read.
    enum Contents: Sendable {
        case attempts([Attempt])
        case ledger([LedgerRow])
    }

    /// A row of `attempts`.
    struct Attempt: Sendable, Equatable {
        var step: DeadLetter.Step
        var index: Int32
        var item: Int64
        var letter: UInt8
        var user: UserID
    }

    /// Why a letter cannot be read.
    struct Unreadable: Error, Equatable {
        let obstacle: String
    }

    /// Reads it as the drain reads the journal.
    ///
    /// - Parameters:
    ///   - entry: the entry it came from, if Redis still has it: an old letter does not say its step.
    ///   - holdMilliseconds: how long holds of the sale last.
    func contents(entry: StreamEntry?, holdMilliseconds: Int64) throws(Unreadable) -> Contents {
        if kind == "entry" { return try wholeEntry() }
        guard let step = step ?? WaitingLetter.step(of: entry) else {
            throw Unreadable(
                obstacle: "it does not say its step, and its entry has left Redis: look for it in a copy of the "
                    + "append-only file"
            )
        }
        switch stream {
        case .attempts: return .attempts([try attempt(step)])
        case .ledger:
            let deadline = entry?.number("d") ?? step.at.adding(milliseconds: holdMilliseconds).microseconds
            return .ledger(try decoded(ledgerEntry(step, deadline: deadline)))
        }
    }

    private static func step(of entry: StreamEntry?) -> DeadLetter.Step? {
        guard let entry, let epoch = entry.number("e"), let seq = entry.number("q"), let at = entry.number("t") else {
            return nil
        }
        return DeadLetter.Step(epoch: epoch, seq: seq, at: Timestamp(microseconds: at))
    }

    /// `user\titem\tletter`, as the drain of the attempts keeps it.
    private func attempt(_ step: DeadLetter.Step) throws(Unreadable) -> Attempt {
        func unreadable(_ fault: RowFault) -> Unreadable { WaitingLetter.correct(fault) }
        guard index >= 0, let number = Int32(exactly: index), let letterTab = payload.lastIndex(of: 9),
            payload.count == letterTab + 2, let itemTab = payload[..<letterTab].lastIndex(of: 9)
        else { throw unreadable(.wrongShape) }
        guard Outcome(rawValue: payload[letterTab + 1]) != nil else { throw unreadable(.unknownOutcome) }
        guard let item = Decimal63.parse(payload[(itemTab + 1)..<letterTab]), item > 0 else {
            throw unreadable(.itemOutOfRange)
        }
        let user = Array(payload[..<itemTab])
        guard user.withUnsafeBufferPointer({ TextCheck.isStorable($0) }) else { throw unreadable(.invalidText) }
        return Attempt(
            step: step,
            index: number,
            item: item,
            letter: payload[letterTab + 1],
            user: UserID(recorded: String(decoding: user, as: UTF8.self))
        )
    }

    private func ledgerEntry(_ step: DeadLetter.Step, deadline: Int64) -> StreamEntry {
        func field(_ name: String, _ value: [UInt8]) -> [RedisReply] { [.bulk(Array(name.utf8)), .bulk(value)] }
        func number(_ value: Int64) -> [UInt8] { Array(String(value).utf8) }
        return StreamEntry(
            id: StreamID(entryID) ?? .zero,
            fields: field("e", number(step.epoch)) + field("q", number(step.seq))
                + field("t", number(step.at.microseconds)) + field("k", Array(kind.utf8))
                + field("p", payload + [10]) + field("d", number(deadline))
        )
    }

    private func decoded(_ entry: StreamEntry) throws(Unreadable) -> [LedgerRow] {
        var rows: [LedgerRow] = []
        var dead: [DeadLetter] = []
        LedgerEntry.decode(entry, rows: &rows, dead: &dead)
        if let dead = dead.first { throw WaitingLetter.correct(dead.reason) }
        return rows
    }

    /// An entry that nobody understood, in RESP.
    private func wholeEntry() throws(Unreadable) -> Contents {
        let reader = RedisReplyReader(maximumReplyBytes: payload.count + 1)
        var reply: RedisReply?
        do {
            try reader.feed(ByteBuffer(bytes: payload))
            reply = try reader.next()
        } catch {
            throw Unreadable(obstacle: "its payload is no entry in RESP: \(error)")
        }
        guard let fields = reply?.elements, let id = StreamID(entryID) else {
            throw Unreadable(obstacle: "its payload is no entry in RESP")
        }
        let entry = StreamEntry(id: id, fields: fields)
        if stream == .ledger { return .ledger(try decoded(entry)) }
        guard let attempts = AttemptsEntry(entry),
            let step = DeadLetter.Step(epoch: attempts.epoch, seq: attempts.seq, at: attempts.at)
        else { throw WaitingLetter.correct(.malformedEntry) }
        var rows: [Attempt] = []
        var dead: [DeadLetter] = []
        attempts.forEach(dead: &dead) { attempt in
            rows.append(
                Attempt(
                    step: step,
                    index: attempt.index,
                    item: attempt.item,
                    letter: attempt.letter,
                    user: attempt.userID
                )
            )
        }
        if let dead = dead.first { throw WaitingLetter.correct(dead.reason) }
        return .attempts(rows)
    }

    private static func correct(_ fault: RowFault) -> Unreadable { correct(fault.reason) }

    private static func correct(_ reason: String) -> Unreadable {
        Unreadable(obstacle: "its payload is at fault: \(reason); correct payload in dead_letter")
    }
}
