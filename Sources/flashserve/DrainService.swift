import FlashSaleKit
import Logging

/// Keeps one stream of every unfinished sale on its way to Postgres.
struct DrainService: Sendable {
    enum Stream: String, Sendable {
        case ledger
        case attempts
    }

    let stream: Stream
    let supervisor: RedisSupervisor
    let postgres: PostgresLink
    let state: ServerState
    let loops: [LoopHandle]
    let wakeup: Wakeup
    let logger: Logger

    /// Longest pause between two turns: the ledger is also woken by purchases of this server.
    private var interval: Duration { stream == .ledger ? .milliseconds(50) : .milliseconds(200) }

    /// Drains until cancelled. Every error ends the connections in use; what was not committed is read again.
    func run() async {
        var backoff = Backoff()
        // Kept over errors: it remembers which rows Postgres has refused, and isolates them on the next connection.
        var drain: Drain?
        while !Task.isCancelled {
            do {
                let (redis, installation) = try await supervisor.connectValidated()
                do {
                    let connection = try await postgres.connection()
                    let current = drain ?? Drain(stream: stream, redis: redis, postgres: connection)
                    await current.use(redis: redis, postgres: connection)
                    drain = current
                    try await keepDraining(current, installation, backoff: &backoff)
                    await redis.close()
                } catch {
                    await redis.close()
                    // Under a later validation it would be no news.
                    if DrainService.isSignOfTakeover(error), state.holds(installation.generation) {
                        supervisor.invalidate("\(error)")
                    }
                    throw error
                }
            } catch {
                let trouble = "\(error)"
                if state.current.redisTrouble == nil {
                    logger.warning("drain interrupted", metadata: ["stream": "\(stream)", "reason": "\(trouble)"])
                }
                try? await Task.sleep(for: backoff.step())
            }
        }
    }

    /// Whether somebody else has taken over the sales, or the Postgres behind this connection was replaced.
    private static func isSignOfTakeover(_ error: any Error) -> Bool {
        switch error {
        case let error as JournalError: error.code == .fenced
        case let error as RecoveryError: error.code == .superseded || error.code == .otherPostgres
        default: false
        }
    }

    /// Ends when Redis was validated anew: the epochs of this validation count no more.
    private func keepDraining(
        _ drain: Drain,
        _ installation: RedisInstallation,
        backoff: inout Backoff
    ) async throws {
        while !Task.isCancelled, state.holds(installation.generation) {
            await drain.hurry(state.current.memoryIsShort)
            let turn = try await turn(drain, installation)
            backoff.reset()
            if turn.more { continue }
            await wakeup.wait(upTo: turn.busy ? .milliseconds(5) : interval)
        }
    }

    /// One portion of each sale.
    private func turn(
        _ drain: Drain,
        _ installation: RedisInstallation
    ) async throws -> (more: Bool, busy: Bool) {
        var more = false
        var busy = false
        let sales = installation.usable(state.current.sales)
        forgetStopped(except: sales)
        for sale in sales {
            guard let epoch = installation.epoch(of: sale), state.holds(installation.generation) else { continue }
            guard let result = try await drainOnce(drain, sale.id, epoch) else { continue }
            more = more || result.more
            busy = busy || result.busy
            publish(result)
        }
        return (more, busy)
    }

    /// One portion of one sale; nil when the journal of this sale alone is damaged: the others go on.
    private func drainOnce(_ drain: Drain, _ sale: SaleID, _ epoch: Int64) async throws -> DrainResult? {
        let place = StoppedDrain(sale: sale, stream: stream)
        do {
            let result = try await drain.drainOnce(sale: sale, epoch: epoch)
            state.update { $0.stoppedDrains[place] = nil }
            closedGap(at: place)
            return result
        } catch let error as JournalError where error.code == .trimmedPastCursor {
            foundGap(at: place, error)
            return nil
        } catch let error as JournalError where error.stopsOneStream {
            let isNew = state.update { $0.stoppedDrains.updateValue("\(error)", forKey: place) == nil }
            if isNew {
                logger.error("the drain of one sale stands still", metadata: ["sale": "\(sale)", "reason": "\(error)"])
            }
            return nil
        }
    }

    private func publish(_ result: DrainResult) {
        guard result.entries > 0 else { return }
        state.update { values in
            values.deadLetters += result.deadLetters
            switch stream {
            case .ledger: values.ledgerDrain.add(result)
            case .attempts: values.attemptsDrain.add(result)
            }
        }
        if result.deadLetters > 0 {
            logger.error(
                "rows went to dead_letter",
                metadata: ["stream": "\(stream)", "rows": "\(result.deadLetters)"]
            )
        }
        let purchases = result.purchases
        guard !purchases.isEmpty else { return }
        for loop in loops { loop.run { $0.waiters.committed(purchases) } }
    }

    /// For a stopping server: what was decided so far reaches Postgres, unless that takes too long because other
    /// servers go on deciding; then it is theirs to carry.
    func finish() async throws {
        let deadline = ContinuousClock.now + Limits.finalDrainTime
        let (redis, installation) = try await supervisor.connectValidated()
        do {
            let drain = Drain(stream: stream, redis: redis, postgres: try await postgres.connection())
            var turn = try await turn(drain, installation)
            while turn.more || turn.busy {
                guard ContinuousClock.now < deadline else {
                    throw ServerError(.drainUnfinished, "the drain was not done after \(Limits.finalDrainTime)")
                }
                if turn.busy { try await Task.sleep(for: .milliseconds(5)) }
                turn = try await self.turn(drain, installation)
            }
            await redis.close()
        } catch {
            await redis.close()
            throw error
        }
    }
}

/// Either drain, behind one call.
private enum Drain {
    case ledger(LedgerDrain)
    case attempts(AttemptsDrain)

    init(stream: DrainService.Stream, redis: RedisClient, postgres: PostgresConnection) {
        self =
            switch stream {
            case .ledger: .ledger(LedgerDrain(redis: redis, postgres: postgres))
            case .attempts: .attempts(AttemptsDrain(redis: redis, postgres: postgres))
            }
    }

    func use(redis: RedisClient, postgres: PostgresConnection) async {
        switch self {
        case .ledger(let drain): await drain.use(redis: redis, postgres: postgres)
        case .attempts(let drain): await drain.use(redis: redis, postgres: postgres)
        }
    }

    func hurry(_ memoryIsShort: Bool) async {
        switch self {
        case .ledger(let drain): await drain.hurry(memoryIsShort)
        case .attempts(let drain): await drain.hurry(memoryIsShort)
        }
    }

    func drainOnce(sale: SaleID, epoch: Int64) async throws -> DrainResult {
        switch self {
        case .ledger(let drain): try await drain.drainOnce(sale: sale, epoch: epoch)
        case .attempts(let drain): try await drain.drainOnce(sale: sale, epoch: epoch)
        }
    }
}
