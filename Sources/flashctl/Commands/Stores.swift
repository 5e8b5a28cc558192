import FlashSaleKit
import Logging
import NIOPosix

/// Redis and Postgres of a command: those of the configuration, or the private ones of this machine.
struct Stores: Sendable {
    let configuration: FlashConfiguration
    let logger: Logger
    /// The private ones, with `--local`.
    let local: LocalStack?
    /// Keeps connections beyond the command; nil: they end with it.
    var session: StoreSession?

    /// Runs `body` with the stores. With `--local` the private ones run meanwhile and have the current schema.
    ///
    /// - Parameters:
    ///   - migrates: whether the schema of the private Postgres is brought up to date first.
    ///   - handlesSignals: whether `body` sees to SIGINT and SIGTERM itself. Otherwise they cancel it, so that what was
    ///     started for it is stopped.
    static func using<Value: Sendable>(
        _ configuration: FlashConfiguration,
        local: Bool,
        in environment: CommandEnvironment,
        migrates: Bool = true,
        handlesSignals: Bool = false,
        _ body: @escaping @Sendable (Stores) async throws -> Value
    ) async throws -> Value {
        let logger = CommandLogger.make(configuration)
        let session = environment.session
        guard local else {
            return try await body(Stores(configuration: configuration, logger: logger, local: nil, session: session))
        }
        let stack = try await Interrupts.cancelling {
            try await LocalStack.attachOrStart(directory: configuration.localDirectory?.value, logger: logger)
        }
        let stores = Stores(configuration: configuration, logger: logger, local: stack, session: session)
        do {
            if migrates {
                _ = try await Interrupts.cancelling {
                    try await stores.withPostgres { try await Migrator().migrate($0) }
                }
            }
            let value =
                handlesSignals
                ? try await body(stores) : try await Interrupts.cancelling { try await body(stores) }
            try await release(stack)
            return value
        } catch {
            try await release(stack)
            throw error
        }
    }

    /// In a task of its own: a command that was interrupted has to stop what it has started all the same.
    private static func release(_ stack: LocalStack) async throws {
        try await Task { try await stack.release() }.value
    }

    /// Where Redis is.
    func redisEndpoint() throws -> RedisEndpoint {
        if let local { return try RedisEndpoint(parsing: local.redisURL) }
        guard let text = configuration.redis?.value else { throw Stores.missing(.redis, "Redis") }
        return try RedisEndpoint(parsing: text)
    }

    /// Where Postgres is.
    func postgresEndpoint() throws -> PostgresEndpoint {
        if let local { return try PostgresEndpoint(parsing: local.postgresURL) }
        guard let text = configuration.postgres?.value else { throw Stores.missing(.postgres, "Postgres") }
        return try PostgresEndpoint(parsing: text)
    }

    /// A connection to Redis, kept or new.
    func connectRedis() async throws -> RedisClient {
        let endpoint = try redisEndpoint()
        if let session { return try await session.takeRedis(endpoint, logger) }
        return try await RedisClient.connect(to: endpoint, on: MultiThreadedEventLoopGroup.singleton, logger: logger)
    }

    /// A connection to Postgres, kept or new; always new when it has to behave in its own way.
    func connectPostgres(_ options: PostgresOptions? = nil) async throws -> PostgresConnection {
        let endpoint = try postgresEndpoint()
        var named = options ?? PostgresOptions()
        named.namesBlockers = true
        if options == nil, let session { return try await session.takePostgres(endpoint, named, logger) }
        return try await PostgresConnection.connect(to: endpoint, options: named, logger: logger)
    }

    /// Closes a connection, or keeps it for the next command.
    func release(_ redis: RedisClient) async {
        guard let session, let endpoint = try? redisEndpoint() else { return await redis.close() }
        await session.giveBack(redis, endpoint)
    }

    /// Closes a connection, or keeps it for the next command.
    func release(_ postgres: PostgresConnection) async {
        guard let session else { return await postgres.close() }
        await session.giveBack(postgres)
    }

    /// Runs `body` with a connection to Redis.
    func withRedis<Value: Sendable>(_ body: @Sendable (RedisClient) async throws -> Value) async throws -> Value {
        let redis = try await connectRedis()
        do {
            let value = try await body(redis)
            await release(redis)
            return value
        } catch {
            await release(redis)
            throw error
        }
    }

    /// Runs `body` with a connection to Postgres.
    func withPostgres<Value: Sendable>(
        options: PostgresOptions? = nil,
        _ body: @Sendable (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        let connection = try await connectPostgres(options)
        // One that behaves in its own way serves nobody else.
        let isKept = options == nil
        do {
            let value = try await body(connection)
            if isKept { await release(connection) } else { await connection.close() }
            return value
        } catch {
            if isKept { await release(connection) } else { await connection.close() }
            throw error
        }
    }

    /// Runs `body` with a connection to each. Fails when the schema in Postgres is not that of this program.
    func withBoth<Value: Sendable>(
        _ body: @Sendable (RedisClient, PostgresConnection) async throws -> Value
    ) async throws -> Value {
        _ = try redisEndpoint()
        return try await withPostgres { postgres in
            try await Stores.requireSchema(postgres)
            return try await withRedis { redis in try await body(redis, postgres) }
        }
    }

    static func requireSchema(_ postgres: PostgresConnection) async throws {
        let pending = try await Migrator().pending(postgres)
        guard !pending.isEmpty else { return }
        throw CommandFailure(
            .badConfiguration,
            "the schema of \(postgres.endpoint.location) lacks \(pending.joined(separator: ", "))",
            nextStep: "run `flashctl migrate`"
        )
    }

    /// How strictly Redis is judged.
    var handshakeOptions: HandshakeOptions {
        var options = HandshakeOptions()
        options.allowNoAOF = configuration.allowNoAOF.value
        return options
    }

    /// How long Redis keeps finished sales.
    var keyRetention: KeyRetention {
        var retention = KeyRetention()
        retention.most = .milliseconds(configuration.keepFinishedMilliseconds.value)
        return retention
    }

    /// What hourly sales sell. Those of the private stores are test sales.
    var hourlyTerms: HourlyTerms {
        var terms = HourlyTerms()
        terms.stock = configuration.hourlyStock.value
        terms.userLimit = configuration.hourlyLimit.value
        terms.holdMilliseconds = configuration.hourlyHoldMilliseconds.value
        terms.test = local != nil
        return terms
    }

    private static func missing(_ key: SettingKey, _ name: String) -> ConfigurationError {
        ConfigurationError(
            .missing,
            "nobody says where \(name) is",
            nextStep: "give \(key.flag) or set \(key.environmentVariable), or use the private stores with --local"
        )
    }
}
