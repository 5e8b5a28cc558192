import FlashSaleKit
import Foundation

/// Makes the pages about the server. Counters are read from Redis at most ten times a second, however many ask.
actor PageRenderer {
    private let supervisor: RedisSupervisor
    private let postgres: PostgresLink
    private let state: ServerState
    private var redis: RedisClient?
    private var cached: (facts: SaleFacts?, at: ContinuousClock.Instant)?
    private var reading: Task<SaleFacts?, Never>?

    /// What is known of the current sale.
    private struct SaleFacts: Sendable {
        var sale: Sale
        var snapshot: SaleSnapshot
    }

    init(supervisor: RedisSupervisor, postgres: PostgresLink, state: ServerState) {
        self.supervisor = supervisor
        self.postgres = postgres
        self.state = state
    }

    func render(_ page: ServerPage) async -> RenderedPage {
        switch page {
        case .health: await health()
        case .sale: await sale()
        case .readyz(let verbose): ready(verbose: verbose)
        }
    }

    private func ready(verbose: Bool) -> RenderedPage {
        let values = state.current
        var body = ReadyBody(status: "ready")
        if values.isStopping {
            body.status = "stopping"
        } else if values.redis == nil {
            body.status = "unavailable"
        } else if values.postgresTrouble != nil {
            body.status = "degraded"
        }
        if verbose {
            body.checks = [
                "redis": values.redis == nil ? values.redisTrouble ?? "not validated yet" : "ok",
                "postgres": values.postgresTrouble ?? "ok",
                "dead_letters": "\(values.deadLetters)",
                "drain": values.stoppedDrains.isEmpty
                    ? "ok" : values.stoppedDrains.map { "sale \($0): \($1)" }.sorted().joined(separator: "; "),
            ]
        }
        let available = body.status == "ready" || body.status == "degraded"
        return RenderedPage(
            status: available ? "200 OK" : "503 Service Unavailable",
            body: PageRenderer.encode(body),
            headers: available ? "" : "Retry-After: 1\r\n"
        )
    }

    private func sale() async -> RenderedPage {
        guard let facts = await facts() else {
            return RenderedPage(
                status: "503 Service Unavailable",
                body: #"{"error":"no_active_sale","message":"No sale is open at the moment."}"#,
                headers: "Retry-After: 1\r\n"
            )
        }
        return RenderedPage(status: "200 OK", body: PageRenderer.encode(SaleBody(facts.sale, facts.snapshot)))
    }

    private func health() async -> RenderedPage {
        let facts = await facts()
        let values = state.current
        let redisUp = values.redis != nil
        let postgresUp = values.postgresTrouble == nil
        let healthy = redisUp && postgresUp && !values.isStopping
        let body = HealthBody(
            status: healthy ? "ok" : "unavailable",
            timestamp: Timestamp.host.rfc3339,
            services: ["redis": redisUp ? "up" : "down", "postgres": postgresUp ? "up" : "down"],
            sale: facts.map { SaleBody($0.sale, $0.snapshot) },
            performance: HealthBody.Performance(
                ledgerEntries: facts?.snapshot.ledger.entries ?? 0,
                attemptsEntries: facts?.snapshot.attempts.entries ?? 0,
                drainedRows: values.drainedRows,
                deadLetters: values.deadLetters
            )
        )
        return RenderedPage(
            status: healthy ? "200 OK" : "503 Service Unavailable",
            body: PageRenderer.encode(body),
            headers: healthy ? "" : "Retry-After: 1\r\n"
        )
    }

    /// The current sale, read anew unless that was done within the last 100 ms.
    private func facts() async -> SaleFacts? {
        if let cached, ContinuousClock.now - cached.at < .milliseconds(100) { return cached.facts }
        if let reading { return await reading.value }
        let task = Task { await read() }
        reading = task
        let facts = await task.value
        reading = nil
        cached = (facts, .now)
        return facts
    }

    private func read() async -> SaleFacts? {
        do {
            let client = try await client()
            let time = try await RedisTime.read(client)
            guard let sale = SaleSchedule(sales: state.current.sales).current(at: time) else { return nil }
            let reply = try await client.sendRaw(SnapshotCall.command(keys: SaleKeys(sale.id)))
            guard let snapshot = try SnapshotCall.parse(reply) else { return nil }
            return SaleFacts(sale: sale, snapshot: snapshot)
        } catch {
            // The page then says that Redis is down, with the reason that the supervisor has found.
            await redis?.close()
            redis = nil
            return nil
        }
    }

    private func client() async throws -> RedisClient {
        if let redis, redis.isActive { return redis }
        let made = try await supervisor.connectValidated()
        redis = made
        return made
    }

    func close() async {
        await redis?.close()
    }

    private static func encode(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            // Strings and integers always encode.
            preconditionFailure("a page could not be encoded: \(error)")
        }
    }
}
