import FlashSaleKit
import Logging

/// Tells the event loops which sales there are, and keeps the hourly schedule when this server is asked to.
struct ScheduleService: Sendable {
    let supervisor: RedisSupervisor
    let postgres: PostgresLink
    /// Rotation holds locks of its session: nobody else may use its connection.
    let rotationPostgres: PostgresLink
    let state: ServerState
    let loops: [LoopHandle]
    let hourly: HourlyTerms?
    let handshake: HandshakeOptions
    let retention: KeyRetention
    let logger: Logger

    /// Reads the schedule every second until cancelled.
    func run() async {
        while !Task.isCancelled {
            do {
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

    /// Keeps the hourly schedule until cancelled. On a path of its own: finishing a sale can take minutes, and failing
    /// at it must not keep the loops from hearing of sales that others have opened.
    func runRotation() async {
        if hourly == nil { return await watchStandbys() }
        while hourly != nil, !Task.isCancelled {
            do {
                try await rotate()
            } catch is CancellationError {
                return
            } catch {
                if state.current.redisTrouble == nil, state.current.postgresTrouble == nil {
                    logger.warning("rotation failed", metadata: ["reason": "\(error)"])
                }
                try? await Task.sleep(for: .seconds(1))
                continue
            }
            try? await Task.sleep(for: .seconds(20))
        }
    }

    /// Remembers once a minute which standbys there are: a rotation from cron may miss one that comes and goes.
    private func watchStandbys() async {
        while !Task.isCancelled {
            do {
                try await StandbyStore(postgres: try await postgres.connection()).observe()
            } catch {
                // What is wrong with Postgres is told by those who need it at once.
                logger.debug("standbys could not be looked at", metadata: ["reason": "\(error)"])
            }
            try? await Task.sleep(for: .seconds(60))
        }
    }

    /// Waits until a sale sells or the limit has passed: a server that has just started opens the sale of this hour.
    func waitForSale(upTo limit: Duration) async throws {
        let deadline = ContinuousClock.now + limit
        repeat {
            try await refresh()
            if hourly == nil || SaleSchedule(sales: openSales).current(at: Timestamp.host) != nil { return }
            try await Task.sleep(for: .milliseconds(20))
        } while ContinuousClock.now < deadline
    }

    private var openSales: [Sale] { state.current.sales.filter { $0.epoch != nil } }

    /// Makes sure of the sales of this hour and the next, and finishes ended ones.
    private func rotate() async throws {
        guard let hourly else { return }
        let (redis, _) = try await supervisor.connectValidated()
        do {
            let logger = logger
            let rotation = Rotation(
                redis: redis,
                postgres: try await rotationPostgres.connection(),
                hourly: hourly,
                handshake: handshake,
                retention: retention
            ) { notice in
                logger.warning("sale recovered", metadata: ["what": "\(notice)"])
            }
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
        for (sale, why) in report.failed {
            logger.error("sale could not be rotated", metadata: ["sale": "\(sale)", "why": "\(why)"])
        }
        for (sale, why) in report.reopened {
            logger.error("the end of a sale was lost by Postgres", metadata: ["sale": "\(sale)", "why": "\(why)"])
        }
        for (sale, why) in report.keysKept {
            logger.error("keys of a finished sale are kept", metadata: ["sale": "\(sale)", "why": "\(why)"])
        }
        for (sale, problems) in report.mismatches {
            logger.error("sale does not add up", metadata: ["sale": "\(sale)", "problems": "\(problems)"])
        }
    }

    /// Reads the sales and hands them to the loops.
    private func refresh() async throws {
        let sales = try await SaleStore(postgres: try await postgres.connection()).unfinished()
        guard let installation = state.current.redis else { return }
        // An epoch that changed under a validated Redis means that another process has recovered it.
        if let recovered = sales.first(where: installation.isOutdated) {
            supervisor.invalidate("sale \(recovered.id) has another epoch")
            return
        }
        state.update { values in
            values.sales = sales
            // The epoch of a sale that was opened since: another one later means that it was recovered.
            guard values.redis?.generation == installation.generation else { return }
            for sale in sales where values.redis?.shut[sale.id] == nil {
                if let epoch = sale.epoch { values.redis?.epochs[sale.id] = epoch }
            }
        }
        let usable = state.current.redis?.usable(sales) ?? installation.usable(sales)
        for loop in loops { loop.run { $0.schedule.replace(usable) } }
    }
}
