/// What is known of a Redis connection that may be used.
public struct ValidatedRedis: Sendable, Equatable {
    /// The epoch of every unfinished sale that is open in Redis.
    public let epochs: [SaleID: Int64]
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

/// Makes sure that a Redis is the one that Postgres knows and that it lacks nothing, before anything is sold with it.
public struct Handshake: Sendable {
    /// Key with the id of the installation that this Redis belongs to.
    public static let installationKey = "fs:installation"

    private let redis: RedisClient
    private let postgres: PostgresConnection
    private let options: HandshakeOptions

    /// A handshake. The Postgres connection holds a lock while sales are adopted: let no other task open or recover on
    /// the same one.
    public init(redis: RedisClient, postgres: PostgresConnection, options: HandshakeOptions = HandshakeOptions()) {
        self.redis = redis
        self.postgres = postgres
        self.options = options
    }

    /// Validates the connection: configuration, installation, identity, and that every open sale is at its epoch. A
    /// Redis that was restarted with all its data is adopted under a new epoch. Loads the scripts.
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
        try await requireInstallation(installation)
        if let validated = try await current(facts, installation) { return validated }
        let recovered = try await AdvisoryLock.recovery.whileHeld(on: postgres, patience: options.patience) {
            // Somebody else may have been faster.
            if let validated = try await current(facts, installation) { return validated }
            return try await adopt(facts, installation)
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

    /// The state when nothing has to be done; nil when this Redis has to be blessed or adopted.
    private func current(_ facts: RedisFacts, _ installation: Installation) async throws -> ValidatedRedis? {
        guard let identity = try await RedisIdentityStore(postgres: postgres).read(),
            identity.matches(facts, installation)
        else { return nil }
        guard try await redis.send(RedisCommand("GET", Handshake.installationKey)).string == installation.id else {
            return nil
        }
        var epochs: [SaleID: Int64] = [:]
        for sale in try await openSales() {
            guard let epoch = sale.epoch else { continue }
            let reply = try await redis.send(RedisCommand("HMGET", SaleKeys(sale.id).sale, "epoch", "state"))
            let fields = reply.elements ?? []
            guard fields.count == 2, fields[0].integerValue == epoch,
                fields[1].string.flatMap(SaleState.init(rawValue:)) ?? .recovering != .recovering
            else { return nil }
            epochs[sale.id] = epoch
        }
        return ValidatedRedis(epochs: epochs, identity: identity)
    }

    private func adopt(_ facts: RedisFacts, _ installation: Installation) async throws -> ValidatedRedis {
        let sales = try await openSales()
        let adoption = Adoption(redis: redis, postgres: postgres)
        let epoch = try await adoption.adopt(sales)
        _ = try await redis.send(RedisCommand("SET", Handshake.installationKey, installation.id, "NX"))
        // Another installation may have been faster.
        try await requireInstallation(installation)
        let identity = try await RedisIdentityStore(postgres: postgres).bless(facts, installation, epoch: epoch)
        return ValidatedRedis(
            epochs: Dictionary(uniqueKeysWithValues: sales.map { ($0.id, epoch) }),
            identity: identity
        )
    }

    private func openSales() async throws -> [Sale] {
        try await SaleStore(postgres: postgres).unfinished().filter { $0.epoch != nil }
    }

    /// Two databases on one Redis would sell each other's units.
    private func requireInstallation(_ installation: Installation) async throws {
        let found = try await redis.send(RedisCommand("GET", Handshake.installationKey)).string
        guard let found, found != installation.id else { return }
        throw RecoveryError(
            .installationMismatch,
            "this Redis belongs to installation \(found), this Postgres is installation \(installation.id)",
            nextStep: "point REDIS_URL and POSTGRES_URL at stores that belong together, or give each its own Redis"
        )
    }
}
