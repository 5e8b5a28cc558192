import FlashSaleKit
import Logging

/// A Postgres connection that is made again when it was lost; each part of the server has its own, so that none queues
/// behind another.
actor PostgresLink {
    private let endpoint: PostgresEndpoint
    private let options: PostgresOptions
    private let logger: Logger
    private var current: PostgresConnection?
    private var lookedAt = ContinuousClock.now

    init(endpoint: PostgresEndpoint, options: PostgresOptions = PostgresOptions(), logger: Logger) {
        self.endpoint = endpoint
        self.options = options
        self.logger = logger
    }

    /// The connection, or a new one. Once a second its server is asked whether it takes writes: a session that a
    /// balancer has led to a standby would otherwise stay there for ever.
    ///
    /// - Throws: ``PostgresError`` with `.readOnly`; the connection is closed then.
    func connection() async throws -> PostgresConnection {
        if let current, current.isUsable {
            if ContinuousClock.now - lookedAt >= Limits.postgresLook {
                try await PostgresStanding.requireWritable(current)
                lookedAt = .now
            }
            return current
        }
        current = nil
        let made = try await PostgresConnection.connect(to: endpoint, options: options, logger: logger)
        try await PostgresStanding.requireWritable(made)
        lookedAt = .now
        current = made
        return made
    }

    func close() async {
        await current?.close()
        current = nil
    }
}
