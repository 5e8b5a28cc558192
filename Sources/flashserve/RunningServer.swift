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
    let pages: PageRenderer
    let links: [PostgresLink]

    /// Starts, serves until the graceful shutdown, and stops.
    static func serve(
        options: ServerOptions,
        _ frontGroup: MultiThreadedEventLoopGroup,
        _ backGroup: MultiThreadedEventLoopGroup,
        _ logger: Logger
    ) async throws {
        let server = try await RunningServer.assemble(options, frontGroup, backGroup, logger)
        try await server.supervisor.validate()
        try await withThrowingTaskGroup(of: Void.self) { services in
            services.addTask { await server.schedule.runRotation() }
            services.addTask { await server.supervisor.run() }
            services.addTask { await server.sweep.run() }
            for drain in server.drains { services.addTask { await drain.run() } }
            services.addTask { await server.listenForPurchases() }
            try await server.schedule.waitForSale(upTo: Limits.firstSaleTime)
            services.addTask { await server.schedule.run() }
            let listener = try await Listener.bind(
                host: options.host,
                port: options.port,
                group: frontGroup,
                loops: server.loops
            )
            server.announce(listener)
            await server.waitForShutdown()
            await server.stopServing(listener)
            services.cancelAll()
        }
        try await server.finish()
    }

    private static func assemble(
        _ options: ServerOptions,
        _ frontGroup: MultiThreadedEventLoopGroup,
        _ backGroup: MultiThreadedEventLoopGroup,
        _ logger: Logger
    ) async throws -> RunningServer {
        let state = ServerState()
        func link() -> PostgresLink { PostgresLink(endpoint: options.postgres, logger: logger) }
        let (controlLink, scheduleLink, rotationLink) = (link(), link(), link())
        let (sweepLink, lookupLink, pagesLink) = (link(), link(), link())
        let connection = try await controlLink.connection()
        try await requireSchema(connection)
        let secret = try await Installation.read(connection).secret
        let supervisor = RedisSupervisor(
            options: options,
            postgres: controlLink,
            group: backGroup,
            state: state,
            logger: logger
        )
        let ledgerWakeup = Wakeup()
        let pages = PageRenderer(supervisor: supervisor, postgres: pagesLink, state: state)
        let control = ControlCenter(
            supervisor: supervisor,
            lookups: LookupService(postgres: lookupLink),
            pages: pages,
            ledgerWakeup: ledgerWakeup
        )
        let loops = try await makeLoops(
            frontGroup,
            control: control,
            secret: secret,
            connections: OpenFiles.raiseLimit(logger),
            logger: logger
        )
        await supervisor.serve(loops)
        let drains = [DrainService.Stream.ledger, .attempts].map { stream in
            DrainService(
                stream: stream,
                supervisor: supervisor,
                postgres: link(),
                state: state,
                loops: loops,
                wakeup: stream == .ledger ? ledgerWakeup : Wakeup(),
                logger: logger
            )
        }
        return RunningServer(
            options: options,
            logger: logger,
            state: state,
            supervisor: supervisor,
            loops: loops,
            drains: drains,
            sweep: ExpirySweep(
                supervisor: supervisor,
                postgres: sweepLink,
                state: state,
                loops: loops,
                logger: logger
            ),
            schedule: ScheduleService(
                supervisor: supervisor,
                postgres: scheduleLink,
                rotationPostgres: rotationLink,
                state: state,
                loops: loops,
                hourly: options.rotate,
                logger: logger
            ),
            pages: pages,
            links: [controlLink, scheduleLink, rotationLink, sweepLink, lookupLink, pagesLink] + drains.map(\.postgres)
        )
    }

    private static func requireSchema(_ connection: PostgresConnection) async throws {
        let pending = try await Migrator().pending(connection)
        guard pending.isEmpty else {
            throw ServerError(
                .schemaNotReady,
                "the database lacks \(pending.count) migration(s), first \(pending[0])",
                nextStep: "run `flashctl migrate`"
            )
        }
    }

    private static func makeLoops(
        _ group: MultiThreadedEventLoopGroup,
        control: ControlCenter,
        secret: [UInt8],
        connections: Int,
        logger: Logger
    ) async throws -> [LoopHandle] {
        let perLoop = max(1, connections / group.makeIterator().reduce(0) { count, _ in count + 1 })
        var handles: [LoopHandle] = []
        for loop in group.makeIterator() {
            let handle = try await loop.submit {
                let server = LoopServer(
                    loop: loop,
                    control: control,
                    secret: secret,
                    connections: perLoop,
                    logger: logger
                )
                server.start()
                return LoopHandle(server)
            }.get()
            handles.append(handle)
        }
        return handles
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
        try? await Task.sleep(for: .milliseconds(options.readinessDelayMilliseconds))
        do {
            try await listener.close()
        } catch {
            logger.warning("the listener did not close", metadata: ["reason": "\(error)"])
        }
        let deadline = NIODeadline.now() + Limits.shutdownTime
        while NIODeadline.now() < deadline {
            var open = 0
            for loop in loops {
                let count = try? await loop.ask { server in
                    server.connections.closeIdle()
                    return server.connections.count
                }
                open += count ?? 0
            }
            if open == 0 { return }
            try? await Task.sleep(for: .milliseconds(20))
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
        await pages.close()
        for link in links { await link.close() }
        logger.info("stopped")
    }
}
