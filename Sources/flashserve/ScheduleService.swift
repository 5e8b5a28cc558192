import FlashSaleKit
import Logging

/// Tells the event loops which sales there are, and keeps the hourly schedule when this server is asked to.
struct ScheduleService: Sendable {
    let supervisor: RedisSupervisor
    let postgres: PostgresLink
    let state: ServerState
    let loops: [LoopHandle]
    let hourly: HourlyTerms?
    let logger: Logger

    /// Reads the schedule every second until cancelled.
    func run() async {
        var lastRotation = ContinuousClock.now - .seconds(60)
        while !Task.isCancelled {
            do {
                if hourly != nil, state.current.redis != nil, ContinuousClock.now - lastRotation > .seconds(20) {
                    try await rotate()
                    lastRotation = .now
                }
                try await refresh()
                state.update { $0.postgresTrouble = nil }
            } catch is CancellationError {
                return
            } catch {
                let trouble = "\(error)"
                let isNew = state.update { values in
                    let isNew = values.postgresTrouble == nil
                    values.postgresTrouble = trouble
                    return isNew
                }
                if isNew { logger.warning("the schedule cannot be read", metadata: ["reason": "\(trouble)"]) }
            }
            try? await Task.sleep(for: .seconds(1))
        }
    }

    /// Makes sure of the sales of this hour and the next, and finishes ended ones.
    func rotate() async throws {
        guard let hourly else { return }
        let redis = try await supervisor.connectValidated()
        do {
            let rotation = Rotation(redis: redis, postgres: try await postgres.connection(), hourly: hourly)
            let report = try await rotation.run()
            log(report)
            await redis.close()
        } catch {
            await redis.close()
            throw error
        }
    }

    private func log(_ report: RotationReport) {
        for sale in report.opened { logger.info("sale opened", metadata: ["sale": "\(sale)"]) }
        for sale in report.finished { logger.info("sale finished", metadata: ["sale": "\(sale)"]) }
        for (sale, problems) in report.mismatches {
            logger.error("sale does not add up", metadata: ["sale": "\(sale)", "problems": "\(problems)"])
        }
    }

    /// Reads the sales and hands them to the loops when they have changed.
    func refresh() async throws {
        let sales = try await SaleStore(postgres: try await postgres.connection()).unfinished()
        let known = state.current
        guard sales != known.sales else { return }
        // An epoch that changed under a validated Redis means that another server has recovered it.
        let recovered = known.sales.contains { old in
            old.epoch != nil && sales.contains { $0.id == old.id && $0.epoch != old.epoch }
        }
        state.update { $0.sales = sales }
        for loop in loops { loop.run { $0.schedule.replace(sales) } }
        if recovered { supervisor.invalidate("a sale has another epoch") }
    }
}
