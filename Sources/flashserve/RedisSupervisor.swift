import FlashSaleKit
import Logging
import NIOCore

/// Validates Redis before any event loop may use it, and again after every sign of loss.
actor RedisSupervisor {
    private let options: ServerOptions
    private let postgres: PostgresLink
    private let group: any EventLoopGroup
    private let state: ServerState
    private let logger: Logger
    private let wakeup = Wakeup()
    private var loops: [LoopHandle] = []

    init(
        options: ServerOptions,
        postgres: PostgresLink,
        group: any EventLoopGroup,
        state: ServerState,
        logger: Logger
    ) {
        self.options = options
        self.postgres = postgres
        self.group = group
        self.state = state
        self.logger = logger
    }

    /// The loops that are told of a validated Redis.
    func serve(_ loops: [LoopHandle]) {
        self.loops = loops
    }

    /// Something made Redis doubtful: it is validated again at once.
    nonisolated func invalidate(_ reason: String) {
        let first = state.update { values in
            let first = values.redis != nil
            values.redis = nil
            values.redisTrouble = reason
            return first
        }
        if first { logger.warning("redis is not used until it is validated", metadata: ["reason": "\(reason)"]) }
        wakeup.signal()
    }

    /// Keeps Redis validated until cancelled; reads its identity again every ten seconds.
    func run() async {
        var backoff = Backoff()
        while !Task.isCancelled {
            do {
                if state.current.redis == nil {
                    try await validate()
                } else {
                    try await checkIdentity()
                }
                backoff.reset()
                await wakeup.wait(upTo: .seconds(10))
            } catch {
                invalidate("\(error)")
                logger.warning("redis cannot be used", metadata: ["reason": "\(error)"])
                try? await Task.sleep(for: backoff.step())
            }
        }
    }

    /// Validates once; throws what stands in the way.
    func validate() async throws {
        let client = try await connect()
        do {
            let connection = try await postgres.connection()
            var strictness = HandshakeOptions()
            strictness.allowNoAOF = options.allowNoAOF
            let handshake = Handshake(redis: client, postgres: connection, options: strictness)
            let validated = try await handshake.validate()
            let sales = try await SaleStore(postgres: connection).unfinished()
            let installation = RedisInstallation(endpoint: options.redis, identity: validated.identity)
            let time = try await RedisTime.read(client)
            state.update { values in
                values.sales = sales
                values.redis = installation
                values.redisTrouble = nil
            }
            for loop in loops {
                loop.run { server in
                    server.schedule.observed(time, at: server.now)
                    server.schedule.replace(sales)
                    server.redis.install(installation)
                }
            }
            logger.info("redis validated", metadata: ["redis": "\(options.redis)"])
            await client.close()
        } catch {
            await client.close()
            throw error
        }
    }

    /// FLUSHALL keeps the identity, but a demoted and promoted master keeps connections: so it is read again and again.
    private func checkIdentity() async throws {
        let client = try await connectValidated()
        let facts: RedisFacts
        do {
            facts = try await RedisGuards.read(client)
        } catch {
            await client.close()
            throw error
        }
        await client.close()
        let problems = facts.problems(allowNoAOF: options.allowNoAOF)
        if let problem = problems.first { throw ServerError(.redisRefused, problem) }
        // A loop that lost its connection alone gets another one.
        if let installation = state.current.redis {
            for loop in loops { loop.run { $0.redis.install(installation) } }
        }
    }

    /// A connection for a service of this server, to the Redis that was validated.
    func connectValidated() async throws -> RedisClient {
        guard let installation = state.current.redis else {
            throw ServerError(.redisRefused, state.current.redisTrouble ?? "Redis is not validated yet")
        }
        let client = try await connect()
        do {
            var replies: [RedisReply] = []
            for command in RedisIdentityCheck.commands { replies.append(try await client.send(command)) }
            guard RedisIdentityCheck.matches(replies, installation.identity) else {
                throw ServerError(.redisRefused, "Redis at \(options.redis) is another one than the one validated")
            }
            for command in SaleScript.loadCommands { _ = try await client.send(command) }
        } catch {
            await client.close()
            throw error
        }
        return client
    }

    private func connect() async throws -> RedisClient {
        try await RedisClient.connect(
            to: options.redis,
            on: group,
            options: RedisConnectionOptions(),
            logger: logger
        )
    }
}
