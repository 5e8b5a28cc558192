import FlashSaleKit
import Logging
import NIOCore
import NIOPosix

/// One Postgres connection for each part of a server: none queues behind another, and none shares the locks of another.
struct PostgresLinks: Sendable {
    let control, schedule, rotation, sweep, lookups, pages, ledgerDrain, attemptsDrain: PostgresLink
    let verify, guards, load: PostgresLink

    init(_ endpoint: PostgresEndpoint, _ times: ServerTimes, _ logger: Logger) {
        func link(_ options: PostgresOptions? = nil) -> PostgresLink {
            PostgresLink(endpoint: endpoint, options: options ?? times.postgres, logger: logger)
        }
        // Whatever waits for a lock of somebody else for long says for whose.
        var naming = PostgresOptions()
        naming.namesBlockers = true
        (control, schedule, rotation, sweep) = (link(), link(), link(naming), link())
        (lookups, pages, ledgerDrain, attemptsDrain) = (link(), link(), link(naming), link(naming))
        verify = link()
        guards = link()
        // The look at the load must not wait for a Postgres that stands still.
        var hasty = PostgresOptions()
        hasty.connectTimeout = .seconds(1)
        hasty.statementTimeout = .seconds(1)
        load = link(hasty)
    }

    /// Ends all connections.
    func close() async {
        let decisions = [control, schedule, rotation, sweep, lookups, pages, ledgerDrain, attemptsDrain]
        for link in decisions + [verify, guards, load] { await link.close() }
    }
}

extension RunningServer {
    /// Makes the parts of a server and connects them; nothing runs yet.
    static func assemble(
        _ options: ServerOptions,
        _ frontGroup: MultiThreadedEventLoopGroup,
        _ backGroup: MultiThreadedEventLoopGroup,
        _ logger: Logger
    ) async throws -> RunningServer {
        let state = ServerState(build: options.build)
        let links = PostgresLinks(options.postgres, options.times, logger)
        let connection = try await links.control.connection()
        try await requireSchema(connection)
        let supervisor = RedisSupervisor(
            options: options,
            postgres: links.control,
            group: backGroup,
            state: state,
            logger: logger
        )
        let ledgerWakeup = Wakeup()
        let pages = PageRenderer(supervisor: supervisor, postgres: links.pages, state: state, times: options.times)
        let lookups = LookupService(postgres: links.lookups, supervisor: supervisor, logger: logger)
        let control = ControlCenter(
            supervisor: supervisor,
            lookups: lookups,
            pages: pages,
            ledgerWakeup: ledgerWakeup
        )
        let secret = try await Installation.read(connection).secret
        let traces = try options.tracing.map {
            try TraceWriter(path: $0.file, queue: state.spans, build: options.build, logger: logger)
        }
        let loops = try await makeLoops(frontGroup, options, control: control, secret: secret, logger: logger)
        if let tracing = options.tracing {
            for loop in loops {
                try await loop.ask { $0.tracer = LoopTracer(share: tracing.share, queue: state.spans) }
            }
        }
        await supervisor.serve(loops)
        let parts = ServerParts(
            options: options,
            logger: logger,
            state: state,
            supervisor: supervisor,
            loops: loops,
            links: links,
            group: backGroup
        )
        return RunningServer(
            options: options,
            logger: logger,
            state: state,
            supervisor: supervisor,
            loops: loops,
            drains: [parts.drain(.ledger, links.ledgerDrain, ledgerWakeup)]
                + [parts.drain(.attempts, links.attemptsDrain, Wakeup())],
            sweep: parts.sweep,
            schedule: parts.schedule,
            verification: parts.verification,
            guards: parts.guards,
            load: parts.load,
            pages: pages,
            lookups: lookups,
            links: links,
            traces: traces
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
        _ options: ServerOptions,
        control: ControlCenter,
        secret: [UInt8],
        logger: Logger
    ) async throws -> [LoopHandle] {
        let eventLoops = Array(group.makeIterator())
        let connections = max(1, OpenFiles.raiseLimit(logger) / eventLoops.count)
        var handles: [LoopHandle] = []
        for loop in eventLoops {
            let handle = try await loop.submit {
                let server = LoopServer(
                    loop: loop,
                    control: control,
                    secret: secret,
                    connections: connections,
                    logger: logger
                )
                server.waitingAttempts = options.waitingAttempts
                server.headerLimits = options.headerLimits
                server.idleTime = .milliseconds(options.idleMilliseconds)
                server.times = options.times
                server.start()
                return LoopHandle(server)
            }.get()
            handles.append(handle)
        }
        return handles
    }
}
