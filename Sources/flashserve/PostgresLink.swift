import FlashSaleKit
import Logging

/// A Postgres connection that is made again when it was lost; each part of the server has its own, so that none queues
/// behind another.
actor PostgresLink {
    private let endpoint: PostgresEndpoint
    private let options: PostgresOptions
    private let logger: Logger
    private var current: PostgresConnection?

    init(endpoint: PostgresEndpoint, options: PostgresOptions = PostgresOptions(), logger: Logger) {
        self.endpoint = endpoint
        self.options = options
        self.logger = logger
    }

    /// The connection, or a new one.
    func connection() async throws -> PostgresConnection {
        if let current, current.isUsable { return current }
        current = nil
        let made = try await PostgresConnection.connect(to: endpoint, options: options, logger: logger)
        current = made
        return made
    }

    func close() async {
        await current?.close()
        current = nil
    }
}
