/// What both drains have in common: read behind the cursor, hand the portion over, remember the cursor, trim.
///
/// Of several drainers the lock on the cursor row picks one; the comparison of epoch and last id in the transaction
/// makes sure that no entry is written twice.
actor JournalDrain {
    /// Entries on their way into one transaction.
    struct Portion: Sendable {
        let saleID: SaleID
        let epoch: Int64
        /// Where the cursor must be, or the portion is not written.
        let from: StreamID
        let to: StreamID
        let entries: [StreamEntry]
        /// Whether Postgres refused rows of it before: then it is written row by row.
        let careful: Bool
    }

    /// Writes a portion in one transaction; nil when the cursor was locked, or elsewhere than expected.
    typealias Commit = @Sendable (Portion, PostgresConnection) async throws -> DrainResult?

    private let stream: JournalStream
    private let limits: DrainLimits
    private let commit: Commit
    private var redis: RedisClient
    private var postgres: PostgresConnection
    private var cursors: [SaleID: JournalCursor] = [:]
    /// The lineage under which each sale was drained last, written into its hash in Redis before.
    private var lineages: [SaleID: Lineage] = [:]
    /// When the cursor of each sale was read last.
    private var looks: [SaleID: ContinuousClock.Instant] = [:]
    private var size: PortionSize
    private var trims: [SaleID: JournalTrim] = [:]
    /// Whether drained entries leave Redis sooner than usual.
    private var memoryIsShort = false
    private var suspects: Set<SaleID> = []
    /// Since when others have held the cursor without moving it.
    private var lockedSince: [SaleID: ContinuousClock.Instant] = [:]

    init(
        _ stream: JournalStream,
        redis: RedisClient,
        postgres: PostgresConnection,
        limits: DrainLimits,
        commit: @escaping Commit
    ) {
        self.stream = stream
        self.redis = redis
        self.postgres = postgres
        self.limits = Failpoint.limits(limits)
        self.commit = commit
        size = PortionSize(limits)
    }

    func use(redis: RedisClient, postgres: PostgresConnection) {
        self.redis = redis
        self.postgres = postgres
        cursors.removeAll()
        lineages.removeAll()
    }

    func hurry(_ memoryIsShort: Bool) {
        self.memoryIsShort = memoryIsShort
    }

    func drainOnce(_ saleID: SaleID, _ epoch: Int64) async throws -> DrainResult {
        do {
            // Before, not after: an error here must not hide what the turn has committed.
            if try await look(saleID, epoch) { try await trim(saleID, epoch) }
            return try await drain(saleID, epoch)
        } catch {
            // Where the cursor is now is not known: a commit may have lost its answer.
            cursors[saleID] = nil
            if let refusal = error as? JournalError, refusal.code == .rowsRefused { suspects.insert(saleID) }
            throw error
        }
    }

    /// Reads the cursor again, once in a while, whether there is anything to drain or not; true when it has. A Postgres
    /// that comes back older, a promoted standby above all, has it further back: then what is remembered here is wrong,
    /// and what Redis still has is drained once more.
    private func look(_ saleID: SaleID, _ epoch: Int64) async throws -> Bool {
        let now = ContinuousClock.now
        let pause = Duration.milliseconds(limits.lookEveryMilliseconds)
        if let known = cursors[saleID], known.epoch == epoch, let last = looks[saleID], now - last < pause {
            return false
        }
        let (cursor, standing) = try await JournalCursor.look(saleID, stream, on: postgres)
        try await standing.requireWritable(postgres)
        try cursor.check(epoch: epoch)
        let lineage =
            if let known = standing.lineage { known } else { try await LineageStore(postgres: postgres).current() }
        let isBehind = cursors[saleID].map { cursor.lastID < $0.lastID } ?? true
        if isBehind || lineage != lineages[saleID] {
            cursors[saleID] = nil
            trims[saleID] = nil
            let claim = LineageClaim(redis: redis, postgres: postgres)
            try await claim.claim(saleID, epoch: epoch, for: lineage)
            try await checkNotTrimmed(past: cursor)
            lineages[saleID] = lineage
        }
        cursors[saleID] = cursor
        looks[saleID] = now
        return true
    }

    private func drain(_ saleID: SaleID, _ epoch: Int64) async throws -> DrainResult {
        guard var cursor = cursors[saleID] else { return DrainResult() }
        var result = DrainResult()
        // Another drainer may be ahead of the remembered cursor: then read again from where it is now.
        for _ in 0..<3 {
            let (entries, more) = try await read(after: cursor)
            result.lastID = cursor.lastID
            guard let last = entries.last else {
                result.busy = false
                break
            }
            let portion = Portion(
                saleID: saleID,
                epoch: epoch,
                from: cursor.lastID,
                to: last.id,
                entries: entries,
                careful: suspects.contains(saleID)
            )
            let begin = ContinuousClock.now
            if var committed = try await commit(portion, postgres) {
                committed.commitTime = ContinuousClock.now - begin
                suspects.remove(saleID)
                lockedSince[saleID] = nil
                cursor.lastID = last.id
                trims[saleID, default: JournalTrim()].drained(to: last.id, bytes: entries.reduce(0) { $0 + $1.size })
                committed.entries = entries.count
                committed.lastID = last.id
                committed.more = more
                result = committed
                break
            }
            let moved = try await JournalCursor.load(saleID, stream, from: postgres)
            try moved.check(epoch: epoch)
            // Locked, or lost to a faster drainer every time: there is more, and this is not the end of the stream.
            result.busy = true
            if moved == cursor {
                try await endStoppedDrainer(saleID)
                break
            }
            lockedSince[saleID] = nil
            // Further back than before: Postgres has come back older, and Redis may lack what lies behind it.
            if moved.lastID < cursor.lastID { try await checkNotTrimmed(past: moved) }
            cursor = moved
        }
        cursors[saleID] = cursor
        return result
    }

    /// A drainer that was stopped in the middle of COPY keeps the cursor for as long as it is stopped.
    private func endStoppedDrainer(_ saleID: SaleID) async throws {
        let since = lockedSince[saleID] ?? .now
        lockedSince[saleID] = since
        guard ContinuousClock.now - since > StoppedSessions.standstill else { return }
        lockedSince[saleID] = nil
        try await StoppedSessions.end(on: postgres)
    }

    /// Refuses to go on when entries behind the cursor were trimmed away: they are neither in Postgres nor in Redis.
    private func checkNotTrimmed(past cursor: JournalCursor) async throws {
        let reply = try await redis.send(RedisCommand("HGET", SaleKeys(cursor.saleID).sale, stream.trimmedField))
        guard let text = reply.string, let trimmed = StreamID(text), trimmed > cursor.lastID else { return }
        throw JournalError(
            .trimmedPastCursor,
            "the \(stream.rawValue) of sale \(cursor.saleID) was trimmed to \(trimmed), but Postgres has it only to "
                + "\(cursor.lastID)",
            nextStep: JournalGap.nextStep(cursor.saleID)
        )
    }

    /// Entries behind the cursor that fit into one transaction, and whether there may be more.
    private func read(after cursor: JournalCursor) async throws -> (entries: [StreamEntry], more: Bool) {
        let key = stream.key(SaleKeys(cursor.saleID))
        let asked = size.entries
        let reply = try await redis.send(RedisCommand("XRANGE", key, "(\(cursor.lastID)", "+", "COUNT", "\(asked)"))
        let entries = try StreamEntry.parse(reply, from: key)
        let known = entries.prefix { ($0.format ?? .max) <= StoreFormat.known }
        if known.isEmpty, let newer = entries.first {
            let what = "entry \(newer.id) of the \(stream.rawValue) of sale \(cursor.saleID)"
            throw JournalError(newerFormat: newer.format.map { "\($0)" } ?? "of another kind", of: what)
        }
        let taken = size.take(known.lazy.map(\.size))
        return (Array(known.prefix(taken)), taken < entries.count || entries.count == asked)
    }

    /// Trims what earlier turns have drained, in the turn that has read the cursor.
    private func trim(_ saleID: SaleID, _ epoch: Int64) async throws {
        guard let cursor = cursors[saleID], let lineage = lineages[saleID] else { return }
        var limits = limits
        if memoryIsShort { limits.keepMilliseconds = min(limits.keepMilliseconds, limits.keepWhenShortMilliseconds) }
        let now = UInt64(max(0, try await RedisTime.read(redis).microseconds / 1_000_000)) * 1000
        var marks = trims[saleID] ?? JournalTrim()
        let target = marks.target(now: now, cursor: cursor.lastID, limits: limits)
        trims[saleID] = marks
        guard let target else { return }
        let trim = JournalTrim.Call(cursor: cursor, lineage: lineage, target: target, limits: limits)
        let reply = try JournalTrim.Reply(try await redis.send(trim.command))
        switch reply {
        case .removed(let count):
            if count > 0 { Failpoint.reach(stream == .ledger ? "ledger.during-trim" : "attempts.during-trim") }
            // There may be more: the next turn looks again at once.
            if count >= limits.trimEntries { looks[saleID] = nil }
        case .newerFormat(let format): throw JournalError(newerFormat: format, of: "sale \(saleID)")
        case .refused(let why):
            throw JournalError(
                .fenced,
                "the \(stream.rawValue) of sale \(saleID) may not be trimmed: Redis has \(why)",
                nextStep: "validate the Redis connections again"
            )
        }
    }
}

/// How many entries to ask for: as many as fit into a transaction, by the size of those before.
struct PortionSize {
    private let limits: DrainLimits
    /// Entries to ask for next.
    private(set) var entries: Int

    init(_ limits: DrainLimits) {
        self.limits = limits
        entries = max(1, min(50, limits.entries))
    }

    /// How many of the entries of these sizes to take: below the limit of bytes, but at least one.
    mutating func take(_ sizes: some Sequence<Int>) -> Int {
        var bytes = 0
        var taken = 0
        for size in sizes {
            if taken > 0, bytes + size > limits.bytes { break }
            bytes += size
            taken += 1
        }
        if taken > 0 {
            let fitting = limits.bytes / max(1, bytes / taken)
            entries = max(1, min(limits.entries, fitting, entries * 2))
        }
        return taken
    }
}
