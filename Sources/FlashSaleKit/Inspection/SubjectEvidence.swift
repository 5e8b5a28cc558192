/// Everything that both stores and the journal between them have about one user or hold of a sale.
///
/// Read in the order of ``Evidence``: Postgres in one snapshot, then Redis at one instant, then the journal between the
/// two. So the three must agree exactly, whatever is sold meanwhile.
struct SubjectEvidence: Sendable {
    let saleID: SaleID
    let subject: Subject
    /// Nil while Postgres is away.
    var records: SubjectRecords?
    /// Nil when Redis is away, has no keys of the sale, or is not asked about a sale that is over.
    var contents: RedisContents?
    var journal: SubjectJournal?
    /// Why the stores could not be compared.
    var trouble: String?

    /// The ledger of the subject with what the journal has of it, in order.
    var ledger: [LedgerRow] {
        let drained = records?.recount.ledger.drainedSeq ?? 0
        let late = journal?.ledger.filter { !$0.isControl && (records == nil || $0.seq > drained) } ?? []
        return (records?.ledger ?? []) + late
    }

    /// The time by which holds are judged.
    var now: Timestamp? { contents?.at ?? records?.recount.at }

    /// All of it for the comparison that `verify` makes: it then is about this subject alone.
    var evidence: Evidence? {
        guard let records else { return nil }
        var tail = JournalTail()
        tail.ledger = journal?.ledger ?? []
        return Evidence(records.recount, contents, tail)
    }
}

extension LedgerRow {
    /// Whether it is about the sale and not about a buyer.
    var isControl: Bool {
        switch kind {
        case .control, .opened, .rebuilt: true
        default: false
        }
    }
}

/// Collects evidence.
struct SubjectReader: Sendable {
    /// Nil while it is away.
    let redis: RedisClient?
    /// Nil while it is away.
    let postgres: PostgresConnection?
    /// How long to wait for a recovery to end.
    var patience: Duration = .seconds(3)

    /// Collects until nothing moves, or the patience is over. Nil when there is no such sale.
    func read(_ subject: Subject, _ sale: SaleID, _ limits: SubjectRecords.Limits) async throws -> SubjectEvidence? {
        guard let postgres else {
            guard let redis else { return nil }
            return try await readRedisAlone(subject, sale, redis)
        }
        let deadline = ContinuousClock.now + patience
        while true {
            guard let records = try await SubjectRecords.read(subject, sale, limits, from: postgres) else { return nil }
            var evidence = SubjectEvidence(saleID: sale, subject: subject, records: records)
            guard records.recount.isOpened, !records.recount.isFinished, let redis else { return evidence }
            do {
                evidence.trouble = try await readRedis(into: &evidence, records, redis)
            } catch let error as RedisError where error.code == .server("WRONGTYPE") {
                evidence.trouble = "a stream of sale \(sale) in Redis is of another type than the scripts make"
            }
            if evidence.trouble == nil || ContinuousClock.now >= deadline { return evidence }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// Reads Redis and the journal; why they cannot be compared with Postgres, else nil.
    private func readRedis(
        into evidence: inout SubjectEvidence,
        _ records: SubjectRecords,
        _ redis: RedisClient
    ) async throws -> String? {
        let keys = SaleKeys(evidence.saleID)
        let user = evidence.subject.user
        var starts: [JournalStream: StreamID] = [:]
        for stream in JournalStream.allCases { starts[stream] = records.recount.cursor(stream).lastID }
        let filter = SubjectJournal.Filter(user: user, holds: evidence.subject.holds)
        var journal = SubjectJournal(filter, from: starts)
        var ids = evidence.subject.holds.union(records.livingHolds)
        guard ids.count < SubjectKeys.mostHolds / 2 else { return "there are more holds than are compared" }
        ids.formUnion(records.holdIDs.prefix(SubjectKeys.mostHolds / 2))
        try await journal.read(.ledger, keys, to: nil, from: redis)
        // Whoever checks out meanwhile has one hold more than Redis was asked about: then it is asked again.
        for _ in 0..<5 {
            ids.formUnion(journal.holdIDs)
            let reading = try await SubjectKeys.read(keys, user: user, holds: Array(ids), from: redis)
            guard case .contents(let contents) = reading else {
                if case .wrongType(let key) = reading {
                    return "\(key) in Redis is of another type than the scripts make"
                }
                return "Redis has no keys of sale \(evidence.saleID), which is open in Postgres"
            }
            if let trouble = trouble(records, contents) {
                evidence.contents = contents
                return trouble
            }
            try await journal.read(.ledger, keys, to: contents.ledger.lastID, from: redis)
            evidence.contents = contents
            if journal.holdIDs.isSubset(of: ids) { break }
        }
        if user == nil { journal.lookForAttempts(with: records.ledger) }
        try await journal.read(.attempts, keys, to: evidence.contents?.attempts.lastID, from: redis)
        evidence.journal = journal
        // A recovery empties the streams: what was read of them counts only if none began meanwhile.
        let epoch = try await redis.send(RedisCommand("HGET", keys.sale, "epoch")).integerValue
        if epoch != evidence.contents?.epoch { return "sale \(evidence.saleID) is being recovered" }
        if !journal.holdIDs.isSubset(of: ids) { return "the user checks out faster than Redis can be asked" }
        return journal.isCut ? "the journal has too much that is not in Postgres yet" : nil
    }

    private func trouble(_ records: SubjectRecords, _ contents: RedisContents) -> String? {
        switch Evidence.trouble(records.recount, contents, nil) {
        case nil: nil
        case .recovering, .overtaken, .epochMoved: "sale \(records.sale.id) is being recovered"
        case .trimmedPastCursor(let stream):
            "the \(stream) of sale \(records.sale.id) was trimmed beyond what Postgres has of it"
        case .keysMissing, .wrongType: "the keys of sale \(records.sale.id) are damaged"
        }
    }

    /// What Redis knows while Postgres is away: the newest part of the journal names the holds.
    private func readRedisAlone(
        _ subject: Subject,
        _ sale: SaleID,
        _ redis: RedisClient
    ) async throws -> SubjectEvidence? {
        let keys = SaleKeys(sale)
        let filter = SubjectJournal.Filter(user: subject.user, holds: subject.holds)
        var journal = SubjectJournal(filter)
        try await journal.readNewest(.ledger, keys, from: redis)
        if subject.user == nil { journal.lookForAttempts() }
        try await journal.readNewest(.attempts, keys, from: redis)
        let ids = Array(journal.holdIDs.union(subject.holds))
        let reading = try await SubjectKeys.read(keys, user: subject.user, holds: ids, from: redis)
        guard case .contents(let contents) = reading else { return nil }
        var evidence = SubjectEvidence(saleID: sale, subject: subject)
        evidence.contents = contents
        evidence.journal = journal
        return evidence
    }
}

extension Subject {
    var user: UserID? { if case .user(let user) = self { user } else { nil } }
    var hold: HoldID? { if case .hold(let hold) = self { hold } else { nil } }
    /// The one that is asked for.
    var holds: Set<HoldID> { if let hold { [hold] } else { [] } }
}
