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
                let redis = try await supervisor.connectValidated()
                do {
                    while !Task.isCancelled, state.current.redis != nil {
                        for sale in state.current.sales { try await sweep(sale, redis) }
                        backoff.reset()
                        try await Task.sleep(for: .milliseconds(250))
                    }
                    await redis.close()
                } catch {
                    await redis.close()
                    throw error
                }
            } catch is CancellationError {
                return
            } catch {
                if state.current.redis != nil {
                    logger.warning("expiry sweep interrupted", metadata: ["reason": "\(error)"])
                }
                try? await Task.sleep(for: backoff.step())
            }
        }
    }

    private func sweep(_ sale: Sale, _ redis: RedisClient) async throws {
        guard let epoch = sale.epoch else { return }
        var confirmed: Timestamp?
        while !Task.isCancelled {
            let command = ExpireCall.command(
                keys: SaleKeys(sale.id),
                epoch: epoch,
                confirmed: confirmed,
                maximum: ExpirySweep.holdsPerCall
            )
            let reply = try ExpireCall.parse(try await redis.sendRaw(command))
            switch reply {
            case .decided(let decision, _): if !decision.more { return }
            case .refused(.clockJumped, _):
                // Once confirmed and still refused: Redis is ahead of Postgres, and nothing may lapse.
                guard confirmed == nil else { return }
                confirmed = try await confirmClock()
            case .refused(.wrongEpoch, _):
                supervisor.invalidate("sale \(sale.id) is not whole at epoch \(epoch)")
                return
            case .refused: return
            }
        }
    }

    /// Redis time ran ahead while nobody asked, or its clock is wrong: the clock of Postgres tells which.
    private func confirmClock() async throws -> Timestamp {
        let rows = try await postgres.connection().query("select clock_timestamp()")
        let time = try rows.one()[0].timestamp
        for loop in loops { loop.run { $0.confirmedTime = time } }
        return time
    }
}
