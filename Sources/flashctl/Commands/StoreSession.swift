import FlashSaleKit
import Logging
import NIOPosix

/// Connections that outlive a command: the shell keeps one to each store, so that the next command need not connect
/// again. One that was lost, or leads elsewhere, is replaced.
actor StoreSession {
    private var redis: (endpoint: RedisEndpoint, client: RedisClient)?
    private var postgres: PostgresConnection?

    /// The connection that is free, or a new one. Whoever takes it gives it back.
    func takeRedis(_ endpoint: RedisEndpoint, _ logger: Logger) async throws -> RedisClient {
        if let kept = redis {
            redis = nil
            if kept.client.isActive, kept.endpoint == endpoint { return kept.client }
            await kept.client.close()
        }
        return try await RedisClient.connect(to: endpoint, on: MultiThreadedEventLoopGroup.singleton, logger: logger)
    }

    /// The connection that is free, or a new one. Whoever takes it gives it back.
    func takePostgres(
        _ endpoint: PostgresEndpoint,
        _ options: PostgresOptions,
        _ logger: Logger
    ) async throws -> PostgresConnection {
        if let kept = postgres {
            postgres = nil
            if kept.isUsable, kept.endpoint == endpoint { return kept }
            await kept.close()
        }
        return try await PostgresConnection.connect(to: endpoint, options: options, logger: logger)
    }

    /// Keeps a connection for the next command.
    func giveBack(_ client: RedisClient, _ endpoint: RedisEndpoint) async {
        guard client.isActive, redis == nil else { return await client.close() }
        redis = (endpoint, client)
    }

    /// Keeps a connection for the next command.
    func giveBack(_ connection: PostgresConnection) async {
        guard connection.isUsable, postgres == nil else { return await connection.close() }
        postgres = connection
    }

    /// Closes what is kept.
    func close() async {
        if let kept = redis { await kept.client.close() }
        if let kept = postgres { await kept.close() }
        (redis, postgres) = (nil, nil)
    }
}
