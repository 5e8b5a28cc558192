import FlashSaleKit
import Glibc
import Logging

/// Connections to both stores, made when they are first asked for and kept: a store that is away fails alone.
actor StoreLinks {
    private let stores: Stores
    private var redisResult: Result<RedisClient, any Error>?
    private var postgresResult: Result<PostgresConnection, any Error>?

    init(_ stores: Stores) {
        self.stores = stores
    }

    /// Runs `body` with links that are closed afterwards.
    static func using<Value: Sendable>(
        _ stores: Stores,
        _ body: @Sendable (StoreLinks) async throws -> Value
    ) async throws -> Value {
        let links = StoreLinks(stores)
        do {
            let value = try await body(links)
            await links.close()
            return value
        } catch {
            await links.close()
            throw error
        }
    }

    /// The Redis of the configuration. Asked again it answers as the first time.
    func redis() async throws -> RedisClient {
        if let redisResult { return try redisResult.get() }
        _ = try stores.redisEndpoint()
        let result: Result<RedisClient, any Error>
        do {
            result = .success(try await stores.connectRedis())
        } catch {
            result = .failure(error)
        }
        redisResult = result
        return try result.get()
    }

    /// The Postgres of the configuration. Asked again it answers as the first time.
    func postgres() async throws -> PostgresConnection {
        if let postgresResult { return try postgresResult.get() }
        _ = try stores.postgresEndpoint()
        let result: Result<PostgresConnection, any Error>
        do {
            result = .success(try await stores.connectPostgres())
        } catch {
            result = .failure(error)
        }
        postgresResult = result
        return try result.get()
    }

    /// With which status a command ends that a store was missing for: that of a refusal is more than of an absence.
    var statusOfAbsence: ExitStatus {
        var found: Set<ExitStatus> = []
        if case .failure(let error) = redisResult { found.insert(FailureReport.status(for: error)) }
        if case .failure(let error) = postgresResult { found.insert(FailureReport.status(for: error)) }
        return [.notAuthorised, .badConfiguration].first { found.contains($0) } ?? .unreachable
    }

    /// Forgets what has failed or ended, so that the next question connects anew.
    func renew() async {
        switch redisResult {
        case .success(let client) where client.isActive: break
        case .success(let client):
            await client.close()
            redisResult = nil
        case .failure, nil: redisResult = nil
        }
        switch postgresResult {
        case .success(let connection) where connection.isUsable: break
        case .success(let connection):
            await connection.close()
            postgresResult = nil
        case .failure, nil: postgresResult = nil
        }
    }

    /// Makes all checks on these connections.
    func guards() async -> GuardReport {
        let reader = GuardReader(
            options: GuardOptions(stores.configuration),
            redis: { try await self.redis() },
            postgres: { try await self.postgres() }
        )
        return await reader.read()
    }

    /// Makes the checks of `doctor` on the stores that can be reached.
    func deepChecks() async -> [DeepCheck] {
        var options = DeepOptions()
        options.memoryPercent = stores.configuration.memoryLimit.value
        options.backlogBytes = stores.configuration.backlogLimit.value
        options.rotates = stores.configuration.rotate.value
        options.retention = stores.keyRetention
        // What keeps them away is a finding of the other checks.
        let reader = DeepReader(options: options, redis: try? await redis(), postgres: try? await postgres())
        return await reader.read()
    }

    private func close() async {
        if case .success(let client) = redisResult { await stores.release(client) }
        if case .success(let connection) = postgresResult { await stores.release(connection) }
    }
}

/// The clock of this host: shown, and compared with those of the stores. It decides nothing.
enum HostClock {
    static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}
