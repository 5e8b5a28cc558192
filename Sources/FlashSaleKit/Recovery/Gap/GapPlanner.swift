/// What closes a gap, and the plan that says so.
struct GapClosing: Sendable, Equatable {
    let saleID: SaleID
    /// Where both cursors are; they must be there still when it is written.
    let from: [JournalStream: StreamID]
    /// Where those with a gap go.
    let to: [JournalStream: StreamID]
    let lost: [JournalStream: ClosedRange<Int64>]
    let epoch: Int64
    let step: Int64
    /// The clock of the sale: what is written must not be beyond it.
    let at: Timestamp
    let rows: [LedgerRow]
}

/// Turns what the stores have of a sale with a gap into a plan, or into what contradicts it.
struct GapPlanner: Sendable {
    let found: GapEvidence
    private var plan: ReconciliationPlan

    init(_ found: GapEvidence) {
        self.found = found
        plan = ReconciliationPlan(found.saleID)
    }

    /// The plan for these gaps. It is empty and says what is wrong when the proof has a hole.
    ///
    /// - Throws: ``ReconcileError`` when the sale waits for a recovery; errors of the stores.
    static func plan(
        _ gaps: [JournalGap],
        redis: RedisClient,
        postgres: PostgresConnection
    ) async throws -> ReconciliationPlan? {
        // A large sale is read in pieces while it goes on: what contradicts itself is looked at again.
        for look in 1... {
            do {
                guard let found = try await GapEvidence.collect(gaps, redis: redis, postgres: postgres) else {
                    return nil
                }
                var planner = GapPlanner(found)
                let plan = planner.make()
                if plan.needsPerson.isEmpty || !found.isInPieces || look == 3 { return plan }
            } catch GapEvidence.Obstacle.notAdopted(let why) {
                throw ReconcileError(
                    .moved,
                    why,
                    nextStep: "run `flashctl rotate-hour`, which takes it over, if no server does; then plan again"
                )
            } catch GapEvidence.Obstacle.contradiction(let why) {
                var plan = ReconciliationPlan(gaps[0].saleID)
                plan.needsPerson = gaps.map(\.sentence) + [why]
                return plan
            }
        }
        return nil
    }

    private mutating func make() -> ReconciliationPlan {
        let rows = GapRows(found)?.rows ?? []
        plan.needsPerson = GapProof(found, rows).problems
        guard plan.needsPerson.isEmpty else { return plan }
        guard let step = found.step else {
            plan.needsPerson.append("\(sentences); but no step is missing in it")
            return plan
        }
        describe(rows, step)
        plan.closing = GapClosing(
            saleID: found.saleID,
            from: found.positions,
            to: found.gaps.mapValues(\.trimmedTo),
            lost: Dictionary(
                uniqueKeysWithValues: JournalStream.allCases.compactMap { stream in
                    found.lost(stream).map { (stream, $0) }
                }
            ),
            epoch: found.epoch,
            step: step,
            at: found.clock,
            rows: rows
        )
        return plan
    }

    private var sentences: String {
        JournalStream.allCases.compactMap { found.gaps[$0]?.sentence }.joined(separator: ", and ")
    }

    /// Steps with counts: the rows themselves may be tens of thousands. The hash has what they are about, and nothing
    /// that changes while the sale goes on.
    private mutating func describe(_ rows: [LedgerRow], _ step: Int64) {
        for (kind, why) in GapPlanner.kinds {
            let own = rows.filter { $0.kind == kind }
            if own.isEmpty { continue }
            let names = own.map { row in
                "\(row.holdID?.description ?? "") \(row.unit) \(row.holdID == nil ? row.userID.text : "")"
                    + " \(kind == .control || kind == .ban ? row.detail ?? "" : "")"
            }
            // By their bytes: two spellings of one letter have no order among each other as texts.
            let sorted = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            add(
                "\(kind.rawValue): \(sorted.joined(separator: ","))",
                "insert \(own.count) \(own.count == 1 ? "row" : "rows") '\(kind.rawValue)' into the ledger at step "
                    + "\(step), epoch \(found.epoch), inside the gap",
                because: why
            )
        }
        let units = rows.filter { $0.kind == .purchased }.map(\.unit)
        if let first = units.min(), let last = units.max() {
            add(
                "purchases",
                "insert \(units.count) of the units \(first) to \(last) into purchases, and tell their buyers",
                because: "their receipts are proof: nothing else hands out a unit"
            )
        }
        for stream in JournalStream.allCases {
            guard let gap = found.gaps[stream] else { continue }
            if let lost = found.lost(stream) {
                add(
                    "lost \(stream.rawValue)",
                    "note that steps \(lost.lowerBound) to \(lost.upperBound) of the \(stream.rawValue) are lost",
                    because: stream == .ledger
                        ? "what began and ended inside is on no record any more"
                        : "no store has these attempts any more, and nothing else proves one"
                )
            }
            add(
                "cursor \(stream.rawValue) \(gap.trimmedTo)",
                "move the cursor of the \(stream.rawValue) from \(gap.cursor) to \(gap.trimmedTo)",
                because: "Redis has the \(stream.rawValue) from there on"
            )
        }
        add("adopt", "let the sale go on with what Redis has, under a new epoch", because: "nothing of it is in doubt")
    }

    private static let kinds: [(LedgerRow.Kind, String)] = [
        (.held, "Redis has the hold or its receipt, or the journal behind the gap ends it"),
        (.purchased, "Redis has the receipt; with the ledger and the journal they are every unit once"),
        (.expired, "its deadline had passed, and Redis has neither the hold nor a receipt"),
        (.released, "Redis has neither the hold nor a receipt, and its deadline had not passed"),
        (.ban, "Redis has the ban"), (.unban, "Redis has the ban no more"), (.control, "Redis has the value"),
    ]

    private mutating func add(_ canonical: String, _ action: String, because why: String) {
        plan.add(.close(canonical), action, because: why)
    }
}

extension GapEvidence {
    /// The latest time that a script has used.
    var clock: Timestamp { Timestamp(microseconds: evidence.contents?.number("now_us") ?? 0) }

    /// Where the cursors are in Postgres.
    var positions: [JournalStream: StreamID] {
        var positions: [JournalStream: StreamID] = [:]
        for stream in JournalStream.allCases {
            positions[stream] = gaps[stream]?.cursor ?? recount.cursor(stream).lastID
        }
        return positions
    }
}
