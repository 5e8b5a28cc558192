/// Takes over sales in a Redis that came back, or whose keys are in doubt: a new epoch, a check that nothing is
/// missing, and a rebuild of those that lack something.
///
/// It may be killed at any line and run again.
struct Adoption: Sendable {
    /// What became of the sales.
    struct Outcome: Sendable {
        /// The new epoch of all of them.
        let epoch: Int64
        /// Those whose records do not add up: they are shut. The others are open.
        var shut: [SaleID: ShutSale] = [:]
    }

    let redis: RedisClient
    let postgres: PostgresConnection
    /// Sales that are rebuilt in any case: a script has found what no inspection sees.
    var contradictory: Set<SaleID> = []
    /// Told what became of each sale.
    var tell: @Sendable (RecoveryNotice) -> Void = { _ in }

    /// Takes these sales over.
    func adopt(_ sales: [Sale]) async throws -> Outcome {
        let steps = EpochSteps(redis: redis, postgres: postgres)
        var outcome = Outcome(epoch: try await steps.takeEpoch())
        Failpoint.reach("recovery.epoch-taken")
        try await steps.raiseCursors(of: sales.map(\.id), to: outcome.epoch)
        Failpoint.reach("recovery.cursors-raised")
        // All of them first: none may sell while another one is rebuilt.
        var fenced: [SaleID: FenceCall.Fenced] = [:]
        for sale in sales {
            do {
                fenced[sale.id] = try await steps.fence(sale.id, outcome.epoch)
            } catch let error as RedisError where error.saleOfNewerFormat != nil {
                // Its cursors are raised, so that a newer program takes it over; here it is left as it is.
                outcome.shut[sale.id] = ShutSale(epoch: outcome.epoch, why: "\(error)")
            }
        }
        Failpoint.reach("recovery.fenced")
        for sale in sales where outcome.shut[sale.id] == nil {
            let notice = try await recoverAlone(sale, fenced[sale.id]?.keysEpoch, outcome.epoch)
            tell(notice)
            if case .shut(let why) = notice.result {
                outcome.shut[sale.id] = ShutSale(epoch: outcome.epoch, why: why)
            }
        }
        return outcome
    }

    /// What is wrong with one sale shuts that one: the others must not wait for somebody to look at it.
    private func recoverAlone(_ sale: Sale, _ keysEpoch: Int64?, _ epoch: Int64) async throws -> RecoveryNotice {
        let records = RecoveryRecords(postgres: postgres)
        do {
            return try await recover(sale, keysEpoch, epoch)
        } catch let error as JournalError where error.code == .newerFormat {
            // No record of a refusal: a newer program recovers it.
            return RecoveryNotice(sale: sale.id, epoch: epoch, result: .shut(why: "\(error)"))
        } catch let error where Adoption.isAboutRecords(error) {
            guard redis.isActive, postgres.isUsable else { throw error }
            let why = "it could not be recovered: \(ErrorText.sentence(error))"
            try await records.refused(sale.id, epoch, why, startedAt: SaleStore(postgres: postgres).now())
            return RecoveryNotice(sale: sale.id, epoch: epoch, result: .shut(why: why))
        }
    }

    /// Whether it would be met again and again until somebody changes the records. Everything else passes by itself: a
    /// Redis that has forgotten the scripts or cannot write to its disk, a Postgres that takes too long.
    private static func isAboutRecords(_ error: any Error) -> Bool {
        switch error {
        case let error as JournalError: error.code != .fenced
        case let error as ScheduleError: error.code == .refused
        case let error as PostgresError:
            // Values that cannot be, rows that contradict a constraint, and a partition that is missing.
            error.code == .decoding || ["22", "23"].contains(error.sqlState?.prefix(2)) || error.sqlState == "42P01"
        // What a script cannot read.
        case let error as RedisError: [.server("ERR"), .server("WRONGTYPE"), .unexpectedReply].contains(error.code)
        default: false
        }
    }

    private func recover(_ sale: Sale, _ keysEpoch: Int64?, _ epoch: Int64) async throws -> RecoveryNotice {
        let records = RecoveryRecords(postgres: postgres)
        if let loss = try await EndedSale.loss(of: sale.id, redis, postgres) {
            try await records.refused(sale.id, epoch, loss, startedAt: SaleStore(postgres: postgres).now())
            return RecoveryNotice(sale: sale.id, epoch: epoch, result: .shut(why: loss))
        }
        let latest = try await records.latestEpoch(of: sale.id)
        let lastEpoch = keysEpoch ?? latest
        // However whole such keys look: the sale went on without them.
        let isReplaced = lastEpoch < latest
        let damage =
            isReplaced
            ? "it went on elsewhere at epoch \(latest)" : try await damage(of: sale.id, keysEpoch, epoch)
        guard let damage else {
            let snapshot = try SnapshotCall.parse(try await redis.send(SnapshotCall.command(keys: SaleKeys(sale.id))))
            let (holds, sold) = (snapshot?.held ?? 0, snapshot?.sold ?? 0)
            let gaps = try await KeyInspection(redis: redis, postgres: postgres).gaps(of: sale.id)
            try await records.adopted(sale.id, epoch, holds: holds, sold: sold, gaps: gaps)
            return RecoveryNotice(sale: sale.id, epoch: epoch, result: .adopted, gaps: gaps)
        }
        let rebuild = Rebuild(redis: redis, postgres: postgres)
        // What the streams still hold then contradicts what Postgres has, such as who got the next unit.
        let contradicts = isReplaced ? try await records.hasLedger(of: sale.id, beyond: lastEpoch) : false
        switch try await rebuild.rebuild(sale, epoch: epoch, reason: damage, drains: !contradicts) {
        case .rebuilt(let holds, let sold):
            let result = RecoveryNotice.Result.rebuilt(why: damage, holds: holds, sold: sold)
            return RecoveryNotice(sale: sale.id, epoch: epoch, result: result)
        case .refused(let why):
            return RecoveryNotice(sale: sale.id, epoch: epoch, result: .shut(why: why))
        }
    }

    /// Nil when the keys were whole and the sale is open again, else what is wrong with them.
    private func damage(of sale: SaleID, _ keysEpoch: Int64?, _ epoch: Int64) async throws -> String? {
        guard let keysEpoch else { return "its keys are missing" }
        if contradictory.contains(sale) { return "a script has found a contradiction in its keys" }
        if let damage = try await KeyInspection(redis: redis, postgres: postgres).damage(of: sale) { return damage }
        let command = RestoreCall.adopt(keys: SaleKeys(sale), epoch: epoch, keysEpoch: keysEpoch)
        switch try RestoreCall.parse(try await redis.send(command)) {
        case .decided(.done, _): return nil
        case .decided(.refused(let why), _): return why
        case .refused(let status, _):
            throw RecoveryError(
                .superseded,
                "Redis answers \(status) while sale \(sale) is adopted",
                nextStep: "another process recovers: start again"
            )
        }
    }
}
