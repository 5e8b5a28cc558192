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
    private var generation = 0
    /// The trouble that was logged last.
    private var reported: String?

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

    /// Redis must not be believed any more: no loop and no service uses it before it was validated again.
    ///
    /// - Parameter suspect: the sale that a script would not touch, and its epoch.
    nonisolated func invalidate(_ reason: String, suspect: (sale: SaleID, epoch: Int64)? = nil) {
        let wasValid = state.update { values in
            let wasValid = values.redis != nil
            if let suspect { values.suspects[suspect.sale] = suspect.epoch }
            values.redis = nil
            values.redisTrouble = reason
            return wasValid
        }
        if wasValid { logger.warning("redis is not used until it is validated", metadata: ["reason": "\(reason)"]) }
        Task { await closeLoops() }
        wakeup.signal()
    }

    /// A connection was lost: the Redis behind it is looked at again before loops connect anew.
    nonisolated func recheck(_ reason: String) {
        state.update { values in
            if values.redisTrouble == nil { values.redisTrouble = reason }
        }
        logger.warning("a connection to Redis was lost and is made again", metadata: ["reason": "\(reason)"])
        wakeup.signal()
    }

    /// The sale was opened by a newer program since Redis was validated: nothing is asked of Redis for it, and nothing
    /// is recovered.
    nonisolated func leaveAlone(_ sale: SaleID, _ error: RedisError) {
        let isNew = state.update { values in
            guard let epoch = values.redis?.epochs.removeValue(forKey: sale) else { return false }
            values.redis?.shut[sale] = ShutSale(epoch: epoch, why: "\(error)")
            return true
        }
        guard isNew else { return }
        logger.error("sale is shut", metadata: ["sale": "\(sale)", "why": "\(error)"])
        Task { await replaceSales() }
    }

    private func replaceSales() {
        let values = state.current
        guard let usable = values.redis?.usable(values.sales) else { return }
        for loop in loops { loop.run { $0.schedule.replace(usable) } }
    }

    private func closeLoops() {
        guard state.current.redis == nil else { return }
        for loop in loops { loop.run { $0.redis.close() } }
    }

    /// Keeps Redis validated until cancelled; reads its identity again every ten seconds.
    func run() async {
        var backoff = Backoff()
        var last = ContinuousClock.now - .seconds(10)
        while !Task.isCancelled {
            // Validated a moment ago and doubtful again: without a pause this would spin.
            if ContinuousClock.now - last < .seconds(1) {
                try? await Task.sleep(for: backoff.step())
            } else {
                backoff.reset()
            }
            last = .now
            do {
                if state.current.redis == nil { try await validate() } else { try await checkIdentity() }
                await wakeup.wait(upTo: options.times.recheck)
            } catch let error as RedisError where error.code == .connectFailed || error.isOutcomeUnknown {
                report("\(error)")
            } catch {
                if state.current.redis != nil { invalidate("\(error)") }
                report("\(error)")
            }
        }
    }

    /// Logs a reason once, however often it is met.
    private func report(_ trouble: String) {
        state.update { $0.redisTrouble = trouble }
        guard trouble != reported else { return }
        reported = trouble
        logger.warning("redis cannot be used", metadata: ["reason": "\(trouble)"])
    }

    /// Validates once; throws what stands in the way.
    func validate() async throws {
        let client = try await connect()
        do {
            let connection = try await postgres.connection()
            let logger = logger
            let suspects = state.current.suspects
            let handshake = Handshake(
                redis: client,
                postgres: connection,
                options: options.handshake,
                suspects: suspects
            ) { notice in
                logger.warning("sale recovered", metadata: ["what": "\(notice)"])
            }
            let validated = try await handshake.validate()
            let sales = try await SaleStore(postgres: connection).unfinished()
            generation += 1
            let installation = RedisInstallation(
                endpoint: options.redis,
                identity: validated.identity,
                epochs: validated.epochs,
                generation: generation,
                shut: validated.shut
            )
            for (sale, shut) in validated.shut {
                logger.error("sale is shut", metadata: ["sale": "\(sale)", "why": "\(shut.why)"])
            }
            let time = try await RedisTime.read(client)
            state.update { values in
                values.sales = sales
                values.redis = installation
                values.suspects = values.suspects.filter { suspects[$0.key] != $0.value }
                values.redisTrouble = nil
            }
            let usable = installation.usable(sales)
            for loop in loops {
                loop.run { server in
                    server.schedule.observed(time, at: server.now)
                    server.schedule.replace(usable)
                    server.redis.install(installation)
                }
            }
            reported = nil
            logger.info("redis validated", metadata: ["redis": "\(options.redis)"])
            await client.close()
        } catch {
            await client.close()
            throw error
        }
    }

    /// FLUSHALL keeps the identity, but a demoted and promoted master keeps connections: so it is read again and again.
    private func checkIdentity() async throws {
        let (client, installation) = try await connectValidated()
        do {
            let facts = try await RedisGuards.read(client)
            let time = try await RedisTime.read(client)
            await client.close()
            if let problem = facts.problems(allowNoAOF: options.allowNoAOF).first {
                throw ServerError(.redisRefused, problem)
            }
            guard state.holds(installation.generation) else { return }
            let hadTrouble = state.update { values in
                defer { values.redisTrouble = nil }
                return values.redisTrouble != nil
            }
            if hadTrouble { logger.notice("redis answers again", metadata: ["redis": "\(options.redis)"]) }
            reported = nil
            // A loop that lost its connection alone gets another one.
            for loop in loops {
                loop.run { server in
                    server.schedule.observed(time, at: server.now)
                    server.redis.install(installation)
                }
            }
        } catch {
            await client.close()
            throw error
        }
    }

    /// A connection for a service of this server, to the Redis that was validated.
    func connectValidated() async throws -> (RedisClient, RedisInstallation) {
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
        return (client, installation)
    }

    private func connect() async throws -> RedisClient {
        try await RedisClient.connect(
            to: options.redis,
            on: group,
            options: options.times.redis,
            logger: logger
        )
    }
}
