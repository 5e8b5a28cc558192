/// What the stores still have of a sale with a gap: Postgres in one snapshot, Redis at one instant, and the journal
/// behind the gap.
struct GapEvidence: Sendable {
    /// With the cursors where they go; nothing of it is written yet.
    let evidence: Evidence
    let gaps: [JournalStream: JournalGap]
    /// The first step behind each gap that any store may still bring.
    let resumes: [JournalStream: Int64]
    /// The epoch of what is written inside.
    let epoch: Int64
    /// Whether Redis was read in pieces while the sale went on.
    let isInPieces: Bool

    var saleID: SaleID { evidence.saleID }
    var recount: PostgresRecount { evidence.recount }

    /// The steps of this stream that are lost; nil without a gap.
    func lost(_ stream: JournalStream) -> ClosedRange<Int64>? {
        guard gaps[stream] != nil, let end = resumes[stream] else { return nil }
        let known = stream == .ledger ? recount.ledger.highestSeq : recount.attempts?.highestSeq ?? 0
        return known + 1 < end ? known + 1...end - 1 : nil
    }

    /// The step at which everything is written: the last one inside, so that what was decided before it is judged by
    /// nothing that is lost.
    var step: Int64? { (lost(.ledger) ?? lost(.attempts))?.upperBound }

    /// Why nothing can be said about the sale, else nil.
    enum Obstacle: Error, Equatable {
        /// Another epoch in Redis: somebody recovers it, or has to.
        case notAdopted(String)
        /// The keys contradict the journal.
        case contradiction(String)
    }

    /// Collects it. Only what has a gap is looked for: the sale is open, or shut at its own epoch.
    ///
    /// - Throws: ``Obstacle``; errors of the stores.
    static func collect(
        _ found: [JournalGap],
        redis: RedisClient,
        postgres: PostgresConnection
    ) async throws -> GapEvidence? {
        guard let sale = found.first?.saleID,
            var recount = try await PostgresRecount.read(sale, depth: .full, from: postgres),
            recount.isOpened, !recount.isFinished
        else { return nil }
        let installation = try await redis.send(RedisCommand("GET", Handshake.installationKey)).string
        let (reading, isInPieces) = try await LargeContents.read(SaleKeys(sale), from: redis)
        guard case .contents(var contents) = reading, contents.number("keys_epoch") != nil else {
            throw Obstacle.contradiction("the keys of sale \(sale) in Redis are incomplete")
        }
        guard contents.epoch == recount.epoch else {
            throw Obstacle.notAdopted(
                "sale \(sale) is at epoch \(contents.epoch) in Redis and at epoch \(recount.epoch) in Postgres"
            )
        }
        // Shut at its own epoch, it is what it was: the fence remembers whether it was over.
        if contents.state == .recovering {
            let state: SaleState = contents.sale["finished"] == "1" ? .finished : .open
            contents.sale["state"] = state.rawValue
        }
        let gaps = Dictionary(uniqueKeysWithValues: found.map { ($0.stream, $0) })
        for (stream, gap) in gaps {
            guard gap.trimmedTo <= contents.stream(stream).lastID else {
                throw Obstacle.contradiction(
                    "the \(stream.rawValue) of sale \(sale) was trimmed to \(gap.trimmedTo), but ends at "
                        + "\(contents.stream(stream).lastID)"
                )
            }
            recount.cursors[stream]?.lastID = gap.trimmedTo
        }
        let tail = try await JournalTail.read(recount, contents, from: redis)
        let resumes = resumes(gaps, tail, contents.number("seq") ?? 0)
        let evidence = Evidence(recount, contents, tail, nil, [], installation: installation)
        let step = gaps[.ledger].flatMap { _ in resumes[.ledger] } ?? resumes[.attempts] ?? 0
        return GapEvidence(
            evidence: evidence,
            gaps: gaps,
            resumes: resumes,
            epoch: try await epoch(of: step - 1, evidence, contents, postgres),
            isInPieces: isInPieces
        )
    }

    private static func resumes(
        _ gaps: [JournalStream: JournalGap],
        _ tail: JournalTail,
        _ last: Int64
    ) -> [JournalStream: Int64] {
        gaps.mapValues { tail.firstSeq[$0.stream] ?? last + 1 }
    }

    /// The epoch at which a row of this step keeps the order: that of the step itself, if another record has it, else
    /// that of the next one.
    private static func epoch(
        of step: Int64,
        _ evidence: Evidence,
        _ contents: RedisContents,
        _ postgres: PostgresConnection
    ) async throws -> Int64 {
        let sale = evidence.saleID
        let recorded = try await postgres.query(
            """
            select seq, epoch from (
                select seq, epoch from ledger where sale_id = \(sale) and seq >= \(step)
                union all
                select seq, epoch from \(identifier: AttemptsBatch.partition(of: sale)) where seq >= \(step)
            ) records order by seq, epoch limit 1
            """,
            timeout: PostgresRecount.statementTimeout
        )
        var next = evidence.tail?.epochs.filter { $0.key >= step }.min { $0.key < $1.key }
        if let row = recorded.first, case let seq = try row["seq"].int64, seq <= next?.key ?? .max {
            next = (seq, try row["epoch"].int64)
        }
        return next?.value ?? contents.number("keys_epoch") ?? evidence.recount.epoch
    }
}
