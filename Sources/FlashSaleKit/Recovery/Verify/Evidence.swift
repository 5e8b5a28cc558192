/// Everything that one recount of a sale goes by: Postgres in one snapshot, then Redis at one instant, then the journal
/// between the two. It is there still: trimming never passes a cursor. So the three must agree exactly.
struct Evidence: Sendable {
    let recount: PostgresRecount
    /// Nil when Redis has no keys of the sale.
    let contents: RedisContents?
    /// Nil when there are no keys, or the journal was not compared.
    let tail: JournalTail?
    let retained: RetainedJournal?
    let faults: [RetainedFault]
    /// The id of the installation in Redis; nil when it has none.
    let redisInstallation: String?
    /// Why Redis could not be compared, if it could not.
    let trouble: Trouble?
    /// Whether Redis was read in pieces, and may have changed between two of them.
    private(set) var isInPieces = false

    /// Why a second look may see more.
    enum Trouble: Sendable, Equatable {
        case recovering
        /// The sale was recovered, finished or trimmed while Postgres was counted: nothing is wrong with that.
        case overtaken
        /// Somebody has taken the sale over since Postgres was read.
        case epochMoved(from: Int64, to: Int64)
        case keysMissing
        case wrongType(String)
        /// The journal was trimmed beyond the cursor that Postgres had when it was read.
        case trimmedPastCursor(JournalStream)
    }

    var saleID: SaleID { recount.saleID }

    /// Whether Redis and Postgres could not be compared for a reason that passes by itself.
    var isPassing: Bool { trouble == .recovering || trouble == .overtaken }

    /// What the ledger says at the instant at which Redis was read.
    var fold: LedgerFold {
        var fold = recount.fold
        // Lines that Postgres has already are a fault of the cursor, and must not count twice.
        for row in tail?.ledger ?? [] where row.seq > recount.ledger.drainedSeq { fold.apply(row) }
        fold.highestSeq = max(fold.highestSeq, recount.loose.highestSeq, tail?.steps.max() ?? 0, recount.notes.lastStep)
        fold.latest = max(fold.latest, tail?.latest ?? 0)
        return fold
    }

    /// Collects it once. Nil when there is no such sale.
    ///
    /// - Parameter fence: the epoch at which the caller has shut the sale, so that nothing changes meanwhile.
    static func collect(
        _ saleID: SaleID,
        depth: Verification.Depth,
        redis: RedisClient,
        postgres: PostgresConnection,
        fencedAt fence: Int64? = nil,
        atOnce: Int = RedisContents.mostAtOnce,
        between: () async throws -> Void = {}
    ) async throws -> Evidence? {
        guard let recount = try await PostgresRecount.read(saleID, depth: depth, from: postgres) else { return nil }
        guard recount.isOpened, !recount.isFinished else { return Evidence(recount) }
        try await between()
        let keys = SaleKeys(saleID)
        let installation = try await redis.send(RedisCommand("GET", Handshake.installationKey)).string
        let (reading, inPieces) = try await LargeContents.read(keys, from: redis, atOnce: atOnce)
        switch reading {
        case .missing:
            let trouble = try await recount.confirm(.keysMissing, nil, postgres)
            return Evidence(recount, installation: installation, trouble: trouble)
        case .wrongType(let key): return Evidence(recount, installation: installation, trouble: .wrongType(key))
        case .tooLarge(let fields):
            throw RedisError(.unexpectedReply, "sale \(saleID) has \(fields) fields in Redis and could not be read")
        case .contents(let contents):
            if let format = contents.sale["format"], Int64(format) ?? .max > StoreFormat.known {
                throw RedisError(newerFormat: format, of: saleID)
            }
            if let trouble = trouble(recount, contents, fence) {
                let confirmed = try await recount.confirm(trouble, contents, postgres)
                return Evidence(recount, contents, installation: installation, trouble: confirmed)
            }
            let tail = try await JournalTail.read(recount, contents, from: redis)
            let retained = try await RetainedJournal.read(recount, from: redis)
            // What was read of the streams counts only if nothing of it went meanwhile: by a recovery, or by a trim
            // beyond where the cursor was when Postgres was read.
            if try await isOvertaken(recount, contents, redis) {
                return Evidence(recount, contents, installation: installation, trouble: .overtaken)
            }
            let faults = depth == .full ? try await retained.faults(recount, from: postgres) : []
            var evidence = Evidence(recount, contents, tail, retained, faults, installation: installation)
            evidence.isInPieces = inPieces
            return evidence
        }
    }

    private static func isOvertaken(
        _ recount: PostgresRecount,
        _ contents: RedisContents,
        _ redis: RedisClient
    ) async throws -> Bool {
        let key = SaleKeys(recount.saleID).sale
        if try await redis.send(RedisCommand("HGET", key, "epoch")).integerValue ?? 0 != contents.epoch { return true }
        for stream in JournalStream.allCases {
            let reply = try await redis.send(RedisCommand("HGET", key, stream.trimmedField))
            if reply.string.flatMap({ StreamID($0) }) ?? .zero > recount.cursor(stream).lastID { return true }
        }
        return false
    }

    static func trouble(_ recount: PostgresRecount, _ contents: RedisContents, _ fence: Int64?) -> Trouble? {
        if contents.state == .recovering, contents.epoch != fence { return .recovering }
        if contents.epoch != recount.epoch { return .epochMoved(from: recount.epoch, to: contents.epoch) }
        for stream in JournalStream.allCases {
            let trimmed = contents.sale[stream.trimmedField].flatMap { StreamID($0) } ?? .zero
            if trimmed > recount.cursor(stream).lastID { return .trimmedPastCursor(stream) }
        }
        return nil
    }

    /// Rebuilds explain what Redis had decided above the records of its time and lost with its data; so do the gaps of
    /// the journal that were closed.
    func isLost(_ row: LooseEnds.Row, isHold: Bool) -> Bool {
        if recount.notes.explainsLoneRow(row.seq, isHold: isHold) { return true }
        return recount.recoveries.contains { recovery in
            guard recovery.rebuilt, row.epoch < recovery.epoch else { return false }
            return isHold
                ? recovery.attemptsSeq < row.seq && row.seq <= recovery.ledgerSeq
                : recovery.ledgerSeq < row.seq && row.seq <= recovery.attemptsSeq
        }
    }

    init(
        _ recount: PostgresRecount,
        _ contents: RedisContents? = nil,
        _ tail: JournalTail? = nil,
        _ retained: RetainedJournal? = nil,
        _ faults: [RetainedFault] = [],
        installation: String? = nil,
        trouble: Trouble? = nil
    ) {
        self.recount = recount
        self.contents = contents
        self.tail = tail
        self.retained = retained
        self.faults = faults
        redisInstallation = installation
        self.trouble = trouble
    }
}
