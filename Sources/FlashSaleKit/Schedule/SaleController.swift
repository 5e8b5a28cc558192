/// Changes running sales at an operator's wish: one script call a change, which decides it and puts it on the ledger
/// with who and why. Every later batch of every server obeys it, and a rebuild of the sale repeats it.
public struct SaleController: Sendable {
    /// What became of a change.
    public struct Change: Sendable, Equatable {
        /// The sale it is about.
        public let sale: SaleID
        /// What was to be done.
        public let operation: ControlCall.Operation
        /// What the script says.
        public let outcome: ControlCall.Outcome
        /// Time of the sale at the call; that of the ledger entry, when something has changed.
        public let at: Timestamp
        /// The epoch of that entry.
        public let epoch: Int64
    }

    private let redis: RedisClient

    /// A controller on a Redis that was validated, or found by ``requireBlessedRun()`` to be the blessed one. It loads
    /// the scripts by itself.
    public init(redis: RedisClient) {
        self.redis = redis
    }

    /// The counters of a sale; nil when Redis has no keys of it.
    public func snapshot(of sale: SaleID) async throws -> SaleSnapshot? {
        for command in SaleScript.loadCommands { _ = try await redis.send(command) }
        return try SnapshotCall.parse(try await redis.send(SnapshotCall.command(keys: SaleKeys(sale))))
    }

    /// Whether the user is banned from the sale.
    public func isBanned(_ user: UserID, from sale: SaleID) async throws -> Bool {
        try await redis.send(RedisCommand("HEXISTS", SaleKeys(sale).banned, user.text)).integerValue == 1
    }

    /// What would become of a change, seen from a snapshot; writes nothing. Refused also says that the sale is over.
    public func preview(
        _ operation: ControlCall.Operation,
        in snapshot: SaleSnapshot,
        of sale: SaleID
    ) async throws -> Change {
        let outcome = try await outcome(of: operation, in: snapshot, of: sale)
        return Change(sale: sale, operation: operation, outcome: outcome, at: snapshot.at, epoch: snapshot.epoch)
    }

    private func outcome(
        of operation: ControlCall.Operation,
        in snapshot: SaleSnapshot,
        of sale: SaleID
    ) async throws -> ControlCall.Outcome {
        guard snapshot.state == .open else { return .refused }
        switch operation {
        case .pauseCheckout: return snapshot.checkoutPaused ? .unchanged : .changed
        case .resumeCheckout: return snapshot.checkoutPaused ? .changed : .unchanged
        case .pausePurchase: return snapshot.purchasePaused ? .unchanged : .changed
        case .resumePurchase: return snapshot.purchasePaused ? .changed : .unchanged
        case .ban(let user): return try await isBanned(user, from: sale) ? .unchanged : .changed
        case .unban(let user): return try await isBanned(user, from: sale) ? .changed : .unchanged
        case .lowerLimit(let limit):
            return limit == snapshot.limit ? .unchanged : limit > snapshot.limit ? .refused : .changed
        case .finish: return snapshot.at >= snapshot.closesAt && snapshot.held == 0 ? .changed : .refused
        case .withdraw(let step):
            return snapshot.held + snapshot.sold == 0 && snapshot.sequence == step ? .changed : .refused
        }
    }

    /// Changes a sale. Repeating it does nothing, so an unknown outcome is resolved by another call.
    ///
    /// - Parameters:
    ///   - epoch: the epoch of the sale.
    ///   - confirmed: the time of Postgres, nil when it cannot be asked.
    /// - Throws: ``ScheduleError`` with `.finished` for a sale that is over and `.clocksDiffer` for a clock that has
    ///   jumped, ``RecoveryError`` with `.superseded` when the sale is being recovered.
    public func apply(
        _ request: ControlCall.Request,
        to sale: SaleID,
        epoch: Int64,
        confirmed: Timestamp?
    ) async throws -> Change {
        let keys = SaleKeys(sale)
        let command = ControlCall.command(keys: keys, epoch: epoch, confirmed: confirmed, request: request)
        switch try ControlCall.parse(try await redis.send(command)) {
        case .decided(let outcome, let now):
            return Change(sale: sale, operation: request.operation, outcome: outcome, at: now, epoch: epoch)
        case .refused(.closed, _): throw ScheduleError(.finished, "sale \(sale) is over")
        case .refused(.clockJumped, _):
            throw ScheduleError(
                .clocksDiffer,
                "the clock of Redis is more than ten seconds ahead of sale \(sale), and Postgres does not confirm it",
                nextStep: "set the clocks (chrony, ntpd), then run it again"
            )
        case .refused(let status, _):
            throw RecoveryError(
                .superseded,
                "Redis answers \(status) for sale \(sale): it is being recovered, or is damaged",
                nextStep: "run it again in some seconds; `flashctl status --sale \(sale)` says how it stands"
            )
        }
    }

    /// Makes sure, without Postgres, that this Redis may be changed: it can be trusted with a sale, and it is the run
    /// that was blessed last. See ``BlessedRun`` for what that leaves open.
    public func requireBlessedRun(allowNoAOF: Bool) async throws {
        let facts = try await RedisGuards.read(redis)
        let problems = facts.problems(allowNoAOF: allowNoAOF)
        guard problems.isEmpty else {
            throw RecoveryError(
                .unsafeConfiguration,
                "this Redis cannot be trusted with a sale: \(problems.joined(separator: " "))"
            )
        }
        guard try await BlessedRun(redis: redis).isOf(facts) else {
            throw RecoveryError(
                .rebuildNeeded([]),
                "this Redis was started or replaced since Postgres was asked about it last",
                nextStep: "bring Postgres back: until then no server sells with this Redis either"
            )
        }
    }
}
