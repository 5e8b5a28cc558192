/// What the journal says of one subject: entries that Postgres did not have when it was read.
struct SubjectJournal: Sendable {
    /// Which lines are looked for.
    struct Filter: Sendable {
        /// Lines of this user.
        var user: UserID?
        /// Lines of the ledger about these holds.
        var holds: Set<HoldID> = []
        /// The purchase of this unit.
        var unit: Int64?
        /// Attempts at these steps.
        var steps: Set<JournalTail.Step> = []

        func takes(_ row: LedgerRow) -> Bool {
            switch row.kind {
            case .control, .opened, .rebuilt: true
            default:
                row.userID == user || row.holdID.map(holds.contains) ?? false
                    || (row.kind == .purchased && row.unit == unit)
            }
        }
    }

    /// Rows of the ledger, in order.
    private(set) var ledger: [LedgerRow] = []
    /// Checkouts, in order.
    private(set) var attempts: [SubjectRecords.Attempt] = []
    /// Units free, held and sold in front of each of them.
    private(set) var units: [JournalTail.Step: UnitCounts] = [:]
    /// Up to where each stream was read.
    private(set) var ends: [JournalStream: StreamID] = [:]
    /// Whether a stream is longer than what is read of it.
    private(set) var isCut = false

    private var filter: Filter
    private var entries: [JournalStream: Int] = [:]
    private var bytes = 0

    /// Read of each stream at most: a few seconds of full load.
    static let mostEntries = 20_000
    /// Read of both together at most.
    static let mostBytes = 64 << 20
    private static let pageSize = 200

    init(_ filter: Filter, from starts: [JournalStream: StreamID] = [:]) {
        self.filter = filter
        ends = starts
    }

    /// The holds that it tells of.
    var holdIDs: Set<HoldID> { Set(ledger.compactMap(\.holdID)) }

    /// Reads on to this end, or to that of the stream.
    mutating func read(_ stream: JournalStream, _ keys: SaleKeys, to end: StreamID?, from redis: RedisClient)
        async throws
    {
        let key = stream.key(keys)
        while !isCut {
            let position = ends[stream] ?? .zero
            if let end, position >= end { return }
            let reply = try await redis.send(
                RedisCommand(
                    "XRANGE",
                    key,
                    "(\(position)",
                    end.map(\.description) ?? "+",
                    "COUNT",
                    "\(SubjectJournal.pageSize)"
                )
            )
            let page = try StreamEntry.parse(reply, from: key)
            for entry in page { take(entry, stream) }
            if page.count < SubjectJournal.pageSize { return }
        }
    }

    /// Reads the newest entries, drained or not: all that can be known while Postgres is away.
    mutating func readNewest(_ stream: JournalStream, _ keys: SaleKeys, from redis: RedisClient) async throws {
        let key = stream.key(keys)
        var (position, taken, size) = ("+", [StreamEntry](), 0)
        while taken.count < SubjectJournal.mostEntries / 10, size < SubjectJournal.mostBytes / 4 {
            let count = SubjectJournal.pageSize
            let reply = try await redis.send(RedisCommand("XREVRANGE", key, position, "-", "COUNT", "\(count)"))
            let page = try StreamEntry.parse(reply, from: key)
            taken += page
            size += page.reduce(0) { $0 + $1.size }
            guard page.count == count, let last = page.last else { break }
            position = "(\(last.id)"
        }
        for entry in taken.reversed() { take(entry, stream) }
    }

    /// Looks from now on for the attempts that got the holds of the ledger, this recorded part of it included.
    mutating func lookForAttempts(with recorded: [LedgerRow] = []) {
        for row in recorded + ledger where row.kind == .held { filter.steps.insert(row.step) }
    }

    private mutating func take(_ entry: StreamEntry, _ stream: JournalStream) {
        ends[stream] = max(ends[stream] ?? .zero, entry.id)
        entries[stream, default: 0] += 1
        bytes += entry.size
        isCut = entries[stream, default: 0] >= SubjectJournal.mostEntries || bytes >= SubjectJournal.mostBytes
        var dead: [DeadLetter] = []
        switch stream {
        case .ledger:
            var rows: [LedgerRow] = []
            LedgerEntry.decode(entry, rows: &rows, dead: &dead)
            ledger += rows.filter(filter.takes)
        case .attempts:
            if let batch = AttemptsEntry(entry) { take(batch, UnitCounts(of: entry), &dead) }
        }
    }

    private mutating func take(_ batch: AttemptsEntry, _ units: UnitCounts?, _ dead: inout [DeadLetter]) {
        let user = filter.user.map { Array($0.utf8) }
        let steps = filter.steps.isEmpty ? [] : filter.steps.filter { $0.seq == batch.seq && $0.epoch == batch.epoch }
        var held: Int64 = 0
        var found: [(attempt: SubjectRecords.Attempt, heldBefore: Int64)] = []
        batch.forEach(dead: &dead) { attempt in
            defer { if attempt.letter == Outcome.held.rawValue { held += 1 } }
            let isOurs =
                user.map { $0.count == attempt.user.count && attempt.user.elementsEqual($0) } ?? false
                || steps.contains { $0.index == Int64(attempt.index) }
            guard isOurs else { return }
            let step = JournalTail.Step(epoch: batch.epoch, seq: batch.seq, index: Int64(attempt.index))
            let ours = SubjectRecords.Attempt(
                step: step,
                at: batch.at,
                user: attempt.userID,
                item: attempt.item,
                letter: attempt.letter
            )
            found.append((ours, held))
        }
        for (attempt, heldBefore) in found {
            attempts.append(attempt)
            self.units[attempt.step] = units?.holding(heldBefore)
        }
    }
}
