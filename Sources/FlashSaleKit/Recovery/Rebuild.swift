/// Makes the keys of a sale anew from the ledger in Postgres, when Redis has lost some of them.
///
/// Called for a sale that is fenced at an epoch which its cursors have. It may be killed at any line and run again,
/// under the next epoch.
struct Rebuild: Sendable {
    /// What became of the sale.
    enum Outcome: Sendable, Equatable {
        /// It is open again.
        case rebuilt(holds: Int, sold: Int)
        /// It stays shut: no state follows from its records. Why.
        case refused(String)
    }

    /// A hold that was rebuilt lasts at least so long: its buyer could not pay meanwhile.
    static let leastHoldMilliseconds: Int64 = 60_000

    let redis: RedisClient
    let postgres: PostgresConnection

    /// Rebuilds the sale and opens it at this epoch.
    ///
    /// - Parameters:
    ///   - reason: why it is rebuilt, for the records.
    ///   - drains: whether what the streams still hold belongs to the sale.
    func rebuild(_ sale: Sale, epoch: Int64, reason: String, drains: Bool = true) async throws -> Outcome {
        let startedAt = try await SaleStore(postgres: postgres).now()
        let records = RecoveryRecords(postgres: postgres)
        func refuse(_ problem: String) async throws -> Outcome {
            let why = "\(reason), and \(problem)"
            try await records.refused(sale.id, epoch, why, startedAt: startedAt)
            return .refused(why)
        }
        if drains, let problem = try await drainWhatIsLeft(of: sale.id, epoch) { return try await refuse(problem) }
        Failpoint.reach("recovery.drained")
        let restored = try await RestoredSale.read(sale.id, from: postgres)
        if let problem = restored.contradiction(in: sale.terms) { return try await refuse(problem) }
        let ended = try await EndedSale.read(sale.id, from: redis)
        if let loss = ended?.loss(rebuilding: restored.receipts.count) { return try await refuse(loss) }
        Failpoint.reach("recovery.folded")
        // Before the sale opens: whatever is decided from then on lies behind this record.
        try await records.rebuilding(sale.id, epoch, reason, restored, startedAt: startedAt)
        try await restore(sale, epoch, restored)
        Failpoint.reach("recovery.opened")
        try await records.completed(sale.id, epoch)
        return .rebuilt(holds: restored.openHolds, sold: restored.receipts.count)
    }

    /// Moves to Postgres what the streams still hold; why that is not possible, else nil.
    private func drainWhatIsLeft(of sale: SaleID, _ epoch: Int64) async throws -> String? {
        let ledger = LedgerDrain(redis: redis, postgres: postgres)
        let attempts = AttemptsDrain(redis: redis, postgres: postgres, careful: true)
        var problem: String?
        for drain in [ledger.drainOnce, attempts.drainOnce] {
            do {
                try await drainToEnd(drain, sale, epoch)
            } catch let error as RedisError where error.code == .server("WRONGTYPE") {
                // Somebody has put something else in place of the stream: it is lost.
                continue
            } catch let error as JournalError where error.code == .trimmedPastCursor {
                // The other stream may still be saved.
                problem = problem ?? error.message
            }
        }
        return problem
    }

    private func drainToEnd(
        _ drain: (SaleID, Int64) async throws -> DrainResult,
        _ sale: SaleID,
        _ epoch: Int64
    ) async throws {
        var lockedSince: ContinuousClock.Instant?
        while true {
            let result = try await drain(sale, epoch)
            guard result.busy else {
                if result.entries == 0 { return }
                lockedSince = nil
                continue
            }
            // Its transaction began before the cursors were raised, and ends within the limits of its session.
            let since = lockedSince ?? .now
            lockedSince = since
            guard ContinuousClock.now - since < .seconds(30) else {
                throw RecoveryError(
                    .locked,
                    "the journal of sale \(sale) is drained by somebody else who does not come to an end",
                    nextStep: "find the session that locks journal_cursor in pg_locks"
                )
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Throws the keys away, writes them anew and opens the sale.
    private func restore(_ sale: Sale, _ epoch: Int64, _ restored: RestoredSale) async throws {
        let keys = SaleKeys(sale.id)
        let steps = EpochSteps(redis: redis, postgres: postgres)
        let installation = try await Installation.read(postgres)
        let state = restored.beginning(
            of: sale.terms,
            installation: installation.id,
            lineage: try await LineageStore(postgres: postgres).current()
        )
        try await steps.restore(RestoreCall.begin(keys: keys, epoch: epoch, state), "begin", sale.id)
        Failpoint.reach("recovery.begun")
        let lines = RestoreCall.maximumLines
        for holds in restored.lastingHolds.chunks(of: lines) {
            try await steps.restore(RestoreCall.holds(keys: keys, epoch: epoch, holds), "holds", sale.id)
        }
        for receipts in restored.receipts.chunks(of: lines) {
            try await steps.restore(RestoreCall.receipts(keys: keys, epoch: epoch, receipts), "receipts", sale.id)
        }
        for bans in restored.bans.chunks(of: lines) {
            try await steps.restore(RestoreCall.bans(keys: keys, epoch: epoch, bans), "bans", sale.id)
        }
        Failpoint.reach("recovery.restoring")
        let open = RestoreCall.open(
            keys: keys,
            epoch: epoch,
            kind: .rebuilt,
            sold: restored.receipts.count,
            confirmed: try await SaleStore(postgres: postgres).now()
        )
        try await steps.restore(open, "open", sale.id)
    }
}

extension RestoredSale {
    /// The state before the holds, receipts and bans.
    fileprivate func beginning(
        of terms: SaleTerms,
        installation: String,
        lineage: Lineage
    ) -> RestoreCall.Begin {
        var state = RestoreCall.Begin(
            terms: terms,
            clockFloor: clock,
            installation: installation,
            lineage: lineage
        )
        state.limit = settings["limit"].flatMap { Int($0) } ?? terms.userLimit
        state.checkoutPaused = settings["checkout_paused"] == "1"
        state.purchasePaused = settings["purchase_paused"] == "1"
        // A hold that was lost with its end must be able to lapse, before the sale is finished anew.
        state.isFinished = settings["state"] == SaleState.finished.rawValue && openHolds == 0
        state.sequence = max(ledgerSequence, attemptsSequence)
        state.ledgerFloor = (cursors[.ledger] ?? .zero).description
        state.attemptsFloor = (cursors[.attempts] ?? .zero).description
        return state
    }

    /// The holds with the time that their buyers are given.
    fileprivate var lastingHolds: [RestoreCall.RestoredHold] {
        // They count from the opening of the sale, which comes after as many rows have been written.
        let rows = Int64(holds.count + receipts.count)
        let earliest = clock.adding(milliseconds: Rebuild.leastHoldMilliseconds + rows / 10)
        return holds.map { hold in
            guard hold.kind != .tombstone, hold.deadline < earliest else { return hold }
            var lasting = hold
            lasting.deadline = earliest
            return lasting
        }
    }
}

extension Array {
    /// The elements in portions of at most this size.
    fileprivate func chunks(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
