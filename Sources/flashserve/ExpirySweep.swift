import FlashSaleKit
import Logging

/// Returns lapsed holds of every unfinished sale, and keeps the clocks of the sales going while nobody asks.
struct ExpirySweep: Sendable {
    let supervisor: RedisSupervisor
    let postgres: PostgresLink
    let state: ServerState
    let loops: [LoopHandle]
    let logger: Logger

    /// Most holds returned by one call.
    private static let holdsPerCall = 1000

    /// Sweeps until cancelled.
    func run() async {
        var backoff = Backoff()
        while !Task.isCancelled {
            do {
                let (redis, installation) = try await supervisor.connectValidated()
                do {
                    try await keepSweeping(redis, installation, &backoff)
                    await redis.close()
                } catch {
                    await redis.close()
                    throw error
                }
            } catch is CancellationError {
                return
            } catch {
                if state.current.redisTrouble == nil {
                    logger.warning("expiry sweep interrupted", metadata: ["reason": "\(error)"])
                }
                try? await Task.sleep(for: backoff.step())
            }
        }
    }

    private func keepSweeping(
        _ redis: RedisClient,
        _ installation: RedisInstallation,
        _ backoff: inout Backoff
    ) async throws {
        while !Task.isCancelled, state.holds(installation.generation) {
            for sale in installation.usable(state.current.sales) {
                do {
                    try await sweep(sale, installation, redis)
                } catch let error as RedisError where redis.isActive {
                    // The reply of this sale alone: the others still need their clocks.
                    if error.code == .noScript { throw error }
                    if let newer = error.saleOfNewerFormat {
                        supervisor.leaveAlone(newer, error)
                        continue
                    }
                    if error.isSignOfLoss { return supervisor.invalidate("\(error)") }
                    logger.error("sale cannot be swept", metadata: ["sale": "\(sale.id)", "reason": "\(error)"])
                }
            }
            backoff.reset()
            try await Task.sleep(for: .milliseconds(250))
        }
    }

    private func sweep(_ sale: Sale, _ installation: RedisInstallation, _ redis: RedisClient) async throws {
        guard let epoch = installation.epoch(of: sale) else { return }
        var confirmed: Timestamp?
        // While the clocks differ the call only keeps the clock of the sale going.
        let isPaused = state.current.sweepPause != nil
        while !Task.isCancelled {
            let command = ExpireCall.command(
                keys: SaleKeys(sale.id),
                epoch: epoch,
                confirmed: confirmed,
                maximum: isPaused ? 0 : ExpirySweep.holdsPerCall
            )
            let reply = try ExpireCall.parse(try await redis.sendRaw(command))
            switch reply {
            case .decided(let decision, let now):
                tellTime(now)
                if !decision.more || isPaused { return }
            case .refused(.clockJumped, let now):
                if let confirmed { return clockIsWrong(sale, redis: now, postgres: confirmed) }
                confirmed = try await confirmClock()
            case .refused(.wrongEpoch, _):
                if state.holds(installation.generation) {
                    supervisor.invalidate(
                        "sale \(sale.id) is not whole at epoch \(epoch)",
                        suspect: (sale.id, epoch)
                    )
                }
                return
            case .refused: return
            }
        }
    }

    /// The loops choose the sale by this time; they hear it four times a second even when nobody buys.
    private func tellTime(_ time: Timestamp) {
        state.update { $0.clockTrouble = nil }
        for loop in loops { loop.run { $0.observed(.decided, time) } }
    }

    /// Redis is ahead of Postgres: nothing may lapse, and nothing is sold, until one of the clocks is set right.
    private func clockIsWrong(_ sale: Sale, redis: Timestamp, postgres: Timestamp) {
        let seconds = (redis.microseconds - postgres.microseconds) / 1_000_000
        let trouble = "the clock of Redis is \(seconds) s ahead of that of Postgres: set the clocks right (NTP)"
        let isNew = state.update { values in
            let isNew = values.clockTrouble == nil
            values.clockTrouble = trouble
            return isNew
        }
        if isNew { logger.error("sale \(sale.id) stands still", metadata: ["reason": "\(trouble)"]) }
    }

    /// Redis time ran ahead while nobody asked, or its clock is wrong: the clock of Postgres tells which.
    private func confirmClock() async throws -> Timestamp {
        let rows = try await postgres.connection().query("select clock_timestamp()")
        let time = try rows.one()[0].timestamp
        for loop in loops { loop.run { $0.confirmedTime = time } }
        return time
    }
}
