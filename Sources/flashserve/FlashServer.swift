import FlashSaleKit
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// The server: event loops that decide through Redis, and services that carry what was decided to Postgres.
public struct FlashServer: Service {
    let options: ServerOptions
    let logger: Logger

    /// A server that has not started.
    public init(options: ServerOptions, logger: Logger) {
        self.options = options
        var calm = logger
        calm.handler = CalmLogHandler(logger.handler)
        self.logger = calm
    }

    /// Serves until SIGTERM or SIGINT, then stops without losing what was decided.
    public static func run(_ options: ServerOptions, logger: Logger) async throws {
        let group = ServiceGroup(
            services: [FlashServer(options: options, logger: logger)],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        try await group.run()
    }

    /// Serves until the graceful shutdown of the service group.
    public func run() async throws {
        let frontGroup = MultiThreadedEventLoopGroup(numberOfThreads: options.eventLoops)
        let backGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            try await RunningServer.serve(options: options, frontGroup, backGroup, logger)
        } catch {
            try await frontGroup.shutdownGracefully()
            try await backGroup.shutdownGracefully()
            throw error
        }
        try await frontGroup.shutdownGracefully()
        try await backGroup.shutdownGracefully()
    }
}
