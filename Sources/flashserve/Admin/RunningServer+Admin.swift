import FlashSaleKit
import NIOPosix

extension RunningServer {
    /// Opens the listener of the live page and the metrics, if one is wanted. A port that nobody asked for by number
    /// may be taken: then the sale is more important.
    func listenForAdmin(_ group: MultiThreadedEventLoopGroup) async throws -> AdminListener? {
        guard let port = options.adminPort else { return nil }
        do {
            let listener = try await AdminListener.bind(
                port: port,
                limits: options.headerLimits,
                group: group,
                metrics: ServerMetrics(state: state, loops: loops),
                feed: LiveFeed()
            )
            let address = "http://\(AdminListener.host):\(listener.port)"
            logger.info("live page and metrics", metadata: ["page": "\(address)/", "metrics": "\(address)/metrics"])
            options.onAdminListening?(listener.port)
            return listener
        } catch let error as ServerError where !options.adminPortIsRequired {
            logger.warning("there is neither a live page nor metrics", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    /// Fills the live page until cancelled.
    func runLivePage(_ feed: LiveFeed) async {
        var hasty = PostgresOptions()
        // The past must not wait for a Postgres that stands still.
        hasty.connectTimeout = .seconds(2)
        hasty.statementTimeout = .seconds(2)
        let postgres = PostgresLink(endpoint: options.postgres, options: hasty, logger: logger)
        let recorder = LiveRecorder(state: state, loops: loops, feed: feed, address: "\(options.host):\(options.port)")
        let watcher = LiveWatcher(supervisor: supervisor, postgres: postgres, state: state, feed: feed, logger: logger)
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await recorder.run() }
            tasks.addTask { await watcher.run() }
        }
        await postgres.close()
    }
}
