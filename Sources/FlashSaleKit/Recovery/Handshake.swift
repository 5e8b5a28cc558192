/// What is known of a Redis connection that may be used.
public struct ValidatedRedis: Sendable, Equatable {
    /// The epoch of every unfinished sale that is open in Redis and whole.
    public let epochs: [SaleID: Int64]
    /// The unfinished sales that could not be rebuilt because their records do not add up. Every script answers
    /// ``ScriptStatus/wrongEpoch`` for them until somebody has reconciled them. The others sell meanwhile.
    public let shut: [SaleID: ShutSale]
    /// The server that was validated.
    public let identity: RedisIdentity
}

/// How strict the handshake is.
public struct HandshakeOptions: Sendable, Equatable {
    /// Accepts a Redis without an append-only file: a crash of it then loses the journal.
    public var allowNoAOF = false
    /// How long to wait for another process that opens or recovers sales.
    public var patience: Duration = .seconds(10)

    /// The options of production.
    public init() {}
}

/// Makes sure that a Redis is the one that Postgres knows and that it lacks nothing of any sale, before anything is
/// sold with it. What it lacks is rebuilt from the ledger.
public struct Handshake: Sendable {
    /// Key with the id of the installation that this Redis belongs to.
    public static let installationKey = "fs:installation"

    private static let installationScript = """
        #!lua flags=allow-oom
        return redis.call('SET', KEYS[1], ARGV[1], 'NX')
        """

    private let redis: RedisClient
    private let postgres: PostgresConnection
    private let options: HandshakeOptions
    private let suspects: [SaleID: Int64]
    private let onRecovery: @Sendable (RecoveryNotice) -> Void

    /// A handshake. The Postgres connection holds a lock while sales are recovered: let no other task open or recover
    /// on the same one.
    ///
    /// - Parameters:
    ///   - suspects: sales in whose keys a script has found a contradiction at this epoch. They are rebuilt even if
    ///     nothing can be seen from outside, or everybody would go on to meet it for ever.
    ///   - onRecovery: told what became of each sale that had to be recovered.
    public init(
        redis: RedisClient,
        postgres: PostgresConnection,
        options: HandshakeOptions = HandshakeOptions(),
        suspects: [SaleID: Int64] = [:],
        onRecovery: @escaping @Sendable (RecoveryNotice) -> Void = { _ in }
    ) {
        self.redis = redis
        self.postgres = postgres
        self.options = options
        self.suspects = suspects
        self.onRecovery = onRecovery
    }

    /// Validates the connection: configuration, installation, identity, and that every open sale is at its epoch with
    /// all its keys. A Redis that was restarted with all its data is adopted under a new epoch; a sale that lacks data
    /// is rebuilt from the ledger, or shut if that does not add up, and the others go on. Loads the scripts.
    /// - Throws: ``RecoveryError``.
    public func validate() async throws -> ValidatedRedis {
        let facts = try await RedisGuards.read(redis)
        let problems = facts.problems(allowNoAOF: options.allowNoAOF)
        guard problems.isEmpty else {
            throw RecoveryError(
                .unsafeConfiguration,
                "this Redis cannot be trusted with a sale: \(problems.joined(separator: " "))"
            )
        }
        try await EpochSteps(redis: redis, postgres: postgres).loadScripts()
        let installation = try await Installation.read(postgres)
        try await installation.requireMatch(redis)
        try await requireSuccessor()
        if let validated = try await current(facts, installation) { return validated }
        let recovered = try await AdvisoryLock.recovery.whileHeld(on: postgres, patience: options.patience) {
            // Somebody else may have been faster.
            if let validated = try await current(facts, installation) { return validated }
            return try await recover(facts, installation)
        }
        guard let recovered else {
            throw RecoveryError(
                .locked,
                "another process recovers sales at this moment",
                nextStep: "try again in some seconds"
            )
        }
        return recovered
    }

    /// The state when nothing has to be done; nil when this Redis has to be blessed, or a sale to be taken over.
    private func current(_ facts: RedisFacts, _ installation: Installation) async throws -> ValidatedRedis? {
        guard let identity = try await knownIdentity(facts, installation) else { return nil }
        let sales = try await inspectSales()
        guard sales.doubtful.isEmpty else { return nil }
        try await claim(sales)
        // Whoever blessed it may have been killed before its note.
        let note = BlessedRun(redis: redis)
        if try await !note.isOf(facts) { try await note.write(identity) }
        return ValidatedRedis(epochs: sales.epochs, shut: sales.shut, identity: identity)
    }

    /// The blessed identity, if this Redis has it; nil when it is another one, or was emptied.
    private func knownIdentity(_ facts: RedisFacts, _ installation: Installation) async throws -> RedisIdentity? {
        guard let identity = try await RedisIdentityStore(postgres: postgres).read(),
            identity.matches(facts, installation),
            try await redis.send(RedisCommand("GET", Handshake.installationKey)).string == installation.id
        else { return nil }
        return identity
    }

    /// Takes over what is in doubt: every sale of a Redis that is not known, else only those that are not as they were
    /// left. Whoever sells with the others is not disturbed.
    private func recover(_ facts: RedisFacts, _ installation: Installation) async throws -> ValidatedRedis {
        let known = try await knownIdentity(facts, installation)
        var sales = known == nil ? try await allAsDoubtful() : try await inspectSales()
        let contradictory = Set(sales.doubtful.filter { suspects[$0.id] == $0.epoch }.map(\.id))
        let outcome = try await Adoption(
            redis: redis,
            postgres: postgres,
            contradictory: contradictory,
            tell: onRecovery
        )
        .adopt(sales.doubtful)
        for sale in sales.doubtful {
            if let shut = outcome.shut[sale.id] {
                sales.shut[sale.id] = shut
            } else {
                sales.epochs[sale.id] = outcome.epoch
            }
        }
        if let known { return ValidatedRedis(epochs: sales.epochs, shut: sales.shut, identity: known) }
        // Not a plain SET, which a Redis without memory refuses: it must come back, or it can never be drained.
        _ = try await redis.send(
            RedisCommand("EVAL", Handshake.installationScript, "1", Handshake.installationKey, installation.id)
        )
        // Another installation may have been faster.
        try await installation.requireMatch(redis)
        let store = RedisIdentityStore(postgres: postgres)
        let identity = try await store.bless(facts, installation, epoch: outcome.epoch)
        Failpoint.reach("recovery.blessed")
        try await BlessedRun(redis: redis).write(identity)
        return ValidatedRedis(epochs: sales.epochs, shut: sales.shut, identity: identity)
    }

    /// Refuses a Postgres that another one has replaced, before anything is written with it.
    private func requireSuccessor() async throws {
        let lineage = try await LineageStore(postgres: postgres).current()
        let claim = LineageClaim(redis: redis, postgres: postgres)
        for sale in try await SaleStore(postgres: postgres).unfinished() where sale.epoch != nil {
            _ = try await claim.expected(of: sale.id, for: lineage)
        }
    }

    /// Makes these sales follow the Postgres at hand, if it has been promoted since they were seen last.
    private func claim(_ sales: Sales) async throws {
        let lineage = try await LineageStore(postgres: postgres).current()
        let claim = LineageClaim(redis: redis, postgres: postgres)
        for (sale, epoch) in sales.epochs { try await claim.claim(sale, epoch: epoch, for: lineage) }
    }

    /// The open sales, by what is to be done about them.
    private struct Sales {
        /// Nothing: they are whole at these epochs.
        var epochs: [SaleID: Int64] = [:]
        /// Nothing: a recovery has found that their records do not add up.
        var shut: [SaleID: ShutSale] = [:]
        /// To be taken over.
        var doubtful: [Sale] = []
    }

    private func inspectSales() async throws -> Sales {
        let inspection = KeyInspection(redis: redis, postgres: postgres)
        let refusals = try await RecoveryRecords(postgres: postgres).refusals()
        var sales = try await allAsDoubtful()
        let open = sales.doubtful
        sales.doubtful = []
        for sale in open {
            guard let epoch = sale.epoch else { continue }
            let standing: KeyInspection.Standing
            do {
                standing = try await inspection.standing(of: sale.id, epoch: epoch)
            } catch let error as RedisError where error.saleOfNewerFormat != nil {
                sales.shut[sale.id] = ShutSale(epoch: epoch, why: "\(error)")
                continue
            }
            switch standing {
            case .whole where suspects[sale.id] != epoch: sales.epochs[sale.id] = epoch
            case .whole: sales.doubtful.append(sale)
            case .doubtful:
                // At this epoch it was tried: without new records the result would be the same.
                if let refusal = refusals[sale.id] {
                    sales.shut[sale.id] = refusal
                } else {
                    sales.doubtful.append(sale)
                }
            }
        }
        return sales
    }

    /// The open sales, before any was looked at. One without cursors cannot be drained, so nothing is sold of it.
    private func allAsDoubtful() async throws -> Sales {
        var sales = Sales()
        let complete = try await RecoveryRecords(postgres: postgres).salesWithCursors()
        for sale in try await SaleStore(postgres: postgres).unfinished() {
            guard let epoch = sale.epoch else { continue }
            if complete.contains(sale.id) {
                sales.doubtful.append(sale)
            } else {
                sales.shut[sale.id] = ShutSale(epoch: epoch, why: "a row of journal_cursor is missing")
            }
        }
        return sales
    }
}
