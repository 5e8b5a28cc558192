import FlashSaleKit
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// The parts of a started server and the order in which they start and stop.
struct RunningServer: Sendable {
    let options: ServerOptions
    let logger: Logger
    let state: ServerState
    let supervisor: RedisSupervisor
    let loops: [LoopHandle]
    let drains: [DrainService]
    let sweep: ExpirySweep
    let schedule: ScheduleService
    let verification: VerifyService
    let guards: GuardService
    let load: LoadWatch
    let pages: PageRenderer
    let lookups: LookupService
    let links: PostgresLinks
    /// Nil while tracing is off.
    let traces: TraceWriter?

    /// Starts, serves until the graceful shutdown, and stops.
    static func serve(
        options: ServerOptions,
        _ frontGroup: MultiThreadedEventLoopGroup,
        _ backGroup: MultiThreadedEventLoopGroup,
        _ logger: Logger
    ) async throws {
        let server = try await RunningServer.assemble(options, frontGroup, backGroup, logger)
        let reporter = server.reporter(watching: Array(frontGroup.makeIterator()) + Array(backGroup.makeIterator()))
        // Until the journal is flushed: that is watched too.
        async let _ = reporter.run()
        try await server.supervisor.validate()
        try await withThrowingTaskGroup(of: Void.self) { services in
            services.addTask { await server.schedule.runRotation() }
            services.addTask { await server.supervisor.run() }
            services.addTask { await server.guards.run() }
            services.addTask { await server.load.run() }
            services.addTask { await server.sweep.run() }
            services.addTask { await server.verification.run() }
            services.addTask { await server.traces?.run() }
            for drain in server.drains { services.addTask { await drain.run() } }
            services.addTask { await server.listenForPurchases() }
            try await server.schedule.waitForSale(upTo: options.times.firstSale)
            try await server.waitForLoops(upTo: options.times.firstSale)
            services.addTask { await server.schedule.run() }
            let listener = try await Listener.bind(
                host: options.host,
                port: options.port,
                group: frontGroup,
                loops: server.loops
            )
            let admin = try await server.listenForAdmin(backGroup)
            if let feed = admin?.feed { services.addTask { await server.runLivePage(feed) } }
            server.announce(listener)
            await reporter.ready()
            await server.waitForShutdown()
            await reporter.stopping()
            await server.stopServing(listener)
            await admin?.close()
            services.cancelAll()
        }
        try await server.finish()
    }

    /// Waits until every loop has its connection to Redis: the first buyer must not be refused.
    private func waitForLoops(upTo limit: Duration) async throws {
        let deadline = ContinuousClock.now + limit
        for loop in loops {
            while try await !loop.ask({ $0.redis.usable != nil }), ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(2))
            }
        }
    }

    private func announce(_ listener: any Channel) {
        let port = listener.localAddress?.port ?? options.port
        let sale = SaleSchedule(sales: state.current.sales).current(at: Timestamp.host)
        logger.info(
            "listening",
            metadata: ["address": "\(options.host):\(port)", "sale": "\(sale.map { "\($0.id)" } ?? "none")"]
        )
        options.onListening?(options.host, port, sale)
    }

    /// Another server has committed purchases: waiting buyers of this one are looked up at once.
    private func listenForPurchases() async {
        let channel = LedgerDrain.purchasesChannel
        let notifications = PostgresListener.listen(options.postgres, channel, logger: logger)
        for await _ in notifications {
            for loop in loops { loop.run { $0.waiters.lookUpAll() } }
        }
    }

    private func waitForShutdown() async {
        do {
            try await gracefulShutdown()
        } catch {
            logger.info("cancelled instead of stopped")
        }
    }

    /// Readiness goes first, then the listener, then the requests in flight; drains go on meanwhile, because purchases
    /// in flight wait for them.
    private func stopServing(_ listener: any Channel) async {
        logger.info("stopping")
        state.update { $0.isStopping = true }
        for loop in loops { loop.run { $0.isStopping = true } }
        try? await Task.sleep(for: .milliseconds(options.shutdownDelayMilliseconds))
        do {
            try await Listener.close(listener, logger)
        } catch {
            logger.warning("the listener did not close", metadata: ["reason": "\(error)"])
        }
        let deadline = NIODeadline.now() + Limits.shutdownTime
        let quiet = TimeAmount.milliseconds(options.quietMilliseconds)
        var emptyLooks = 0
        while NIODeadline.now() < deadline {
            var open = 0
            for loop in loops {
                let count = try? await loop.ask { server in
                    server.connections.closeQuiet(for: quiet, server.now)
                    return server.connections.count
                }
                open += count ?? 0
            }
            // A connection that was accepted last is among them a few turns of the loops later.
            emptyLooks = open == 0 ? emptyLooks + 1 : 0
            if emptyLooks > 3 { return }
            try? await Task.sleep(for: .milliseconds(open == 0 ? 1 : 20))
        }
        logger.warning("some connections were still open after \(Limits.shutdownTime.nanoseconds / 1_000_000_000) s")
    }

    /// Everything decided reaches Postgres before the process ends; what cannot stays in Redis for the next one.
    private func finish() async throws {
        for drain in drains {
            do {
                try await drain.finish()
            } catch {
                logger.error(
                    "the rest of the journal stays in Redis until a server drains it",
                    metadata: ["stream": "\(drain.stream)", "reason": "\(error)"]
                )
            }
        }
        for loop in loops { try await loop.ask { $0.stop() } }
        await traces?.write()
        await pages.close()
        await lookups.close()
        await links.close()
        logger.info("stopped")
    }
}
