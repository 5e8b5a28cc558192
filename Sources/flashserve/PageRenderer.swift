import FlashSaleKit
import Foundation

/// Makes the pages about the server. Counters are read from Redis at most ten times a second, however many ask.
actor PageRenderer {
    private let supervisor: RedisSupervisor
    private let postgres: PostgresLink
    private let state: ServerState
    private let times: ServerTimes
    private let redis: ValidatedRedisLink
    private var cached: (facts: Facts, at: ContinuousClock.Instant)?
    private var reading: Task<Facts, Never>?

    /// What is known of the current sale.
    private struct SaleFacts: Sendable {
        var standing: SaleStanding
        var snapshot: SaleSnapshot
    }

    private enum Facts: Sendable {
        case sale(SaleFacts)
        case noSale
        case unreadable
    }

    init(supervisor: RedisSupervisor, postgres: PostgresLink, state: ServerState, times: ServerTimes) {
        self.times = times
        self.supervisor = supervisor
        redis = ValidatedRedisLink(supervisor: supervisor)
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
        } else if values.redis == nil || values.redisTrouble != nil || values.clockTrouble != nil {
            body.status = "unavailable"
        } else if values.postgresTrouble != nil || values.overload != nil || !values.salesWithGap.isEmpty {
            body.status = "degraded"
        }
        if verbose {
            let drains = PageRenderer.stoppedDrains(values)
            let shut = (values.redis?.shut ?? [:]).sorted { $0.key < $1.key }.map { "sale \($0) is shut: \($1.why)" }
            body.checks = [
                "redis": values.redisTrouble ?? "ok",
                "clock": values.clockTrouble ?? "ok",
                "expiry": values.sweepPause.map { "paused: \($0)" } ?? "ok",
                "load": values.overload ?? "ok",
                "postgres": values.postgresTrouble ?? "ok",
                "dead_letters": values.deadLetters == 0 ? "ok" : "\(values.deadLetters) since the start",
                "sales": shut.isEmpty ? "ok" : shut.joined(separator: "; "),
                "drain": drains ?? "ok",
            ]
            body.guards = values.guards.checks.map(ReadyBody.Guard.init)
        }
        let available = body.status == "ready" || body.status == "degraded"
        return RenderedPage(
            status: available ? "200 OK" : "503 Service Unavailable",
            body: PageRenderer.encode(body),
            headers: available ? "" : "Retry-After: 1\r\n"
        )
    }

    /// What cannot be drained and what to do about it; nil when nothing is wrong.
    private static func stoppedDrains(_ values: ServerState.Values) -> String? {
        let drains = values.stoppedDrains.sorted { $0.key < $1.key }
            .map { "sale \($0.sale), \($0.stream.rawValue): \($1)" }
        return drains.isEmpty ? nil : drains.joined(separator: "; ")
    }

    private func sale() async -> RenderedPage {
        switch await facts() {
        case .sale(let facts):
            let hasGap = state.current.salesWithGap.contains(facts.standing.sale.id)
            return RenderedPage(
                status: "200 OK",
                body: PageRenderer.encode(SaleBody(facts.standing.sale, facts.snapshot, hasGap: hasGap))
            )
        case .noSale: return refusal("no_active_sale", "No sale is open at the moment.")
        case .unreadable: return refusal("unavailable", "The sale cannot be read right now.")
        }
    }

    private func refusal(_ code: String, _ message: String) -> RenderedPage {
        RenderedPage(
            status: "503 Service Unavailable",
            body: PageRenderer.encode(["error": code, "message": message]),
            headers: "Retry-After: 1\r\n"
        )
    }

    private func health() async -> RenderedPage {
        let facts = await facts()
        let values = state.current
        var redisUp = values.redis != nil && values.redisTrouble == nil
        if case .unreadable = facts { redisUp = false }
        let postgresUp = values.postgresTrouble == nil
        var hasGap = false
        if case .sale(let known) = facts { hasGap = values.salesWithGap.contains(known.standing.sale.id) }
        let healthy = redisUp && postgresUp && values.clockTrouble == nil && !values.isStopping && !hasGap
        var body = HealthBody(
            status: healthy ? "ok" : "unavailable",
            timestamp: Timestamp.host.rfc3339,
            services: ["redis": redisUp ? "up" : "down", "postgres": postgresUp ? "up" : "down"],
            sale: nil,
            drain: PageRenderer.stoppedDrains(values),
            performance: HealthBody.Performance(drainedRows: values.drainedRows, deadLetters: values.deadLetters)
        )
        if case .sale(let known) = facts {
            body.sale = SaleBody(known.standing.sale, known.snapshot, hasGap: hasGap)
            body.performance.ledgerBacklogEntries = known.standing.ledger.waitingEntries
            body.performance.attemptsBacklogEntries = known.standing.attempts.waitingEntries
            body.performance.backlogSeconds = max(known.standing.ledger.seconds, known.standing.attempts.seconds)
        }
        return RenderedPage(
            status: healthy ? "200 OK" : "503 Service Unavailable",
            body: PageRenderer.encode(body),
            headers: healthy ? "" : "Retry-After: 1\r\n"
        )
    }

    /// The current sale, read anew unless that was done within the last 100 ms. A store that stands still keeps nobody
    /// waiting for longer than a page may take.
    private func facts() async -> Facts {
        if let cached, ContinuousClock.now - cached.at < .milliseconds(100) { return cached.facts }
        // Whoever reads now would wait for the same timeout that somebody else has just waited for.
        guard state.current.redisTrouble == nil else { return .unreadable }
        let task: Task<Facts, Never>
        if let reading {
            task = reading
        } else {
            task = Task {
                let facts = await read()
                cached = (facts, .now)
                reading = nil
                return facts
            }
            reading = task
        }
        return await Patience.within(times.page, task) ?? .unreadable
    }

    private func read() async -> Facts {
        do {
            let client = try await redis.client()
            let time = try await RedisTime.read(client)
            guard let sale = SaleSchedule(sales: state.current.sales).current(at: time) else { return .noSale }
            let reply = try await client.sendRaw(SnapshotCall.command(keys: SaleKeys(sale.id)))
            guard let snapshot = try SnapshotCall.parse(reply) else { return .unreadable }
            let standing = await standing(of: sale, client) ?? SaleStanding(sale: sale, redis: snapshot)
            return .sale(SaleFacts(standing: standing, snapshot: snapshot))
        } catch let error as RedisError where error.saleOfNewerFormat != nil {
            // Buyers are answered so too; the check `sales` says why.
            return .noSale
        } catch {
            // The page says that Redis is down; the supervisor finds out and logs why.
            supervisor.recheck("\(error)")
            await redis.close()
            return .unreadable
        }
    }

    /// The backlog; nil while Postgres is away, which the page says by itself, or stands still.
    private func standing(of sale: Sale, _ client: RedisClient) async -> SaleStanding? {
        guard state.current.postgresTrouble == nil else { return nil }
        let postgres = postgres
        let task = Task { () -> SaleStanding? in
            do {
                return try await SaleStanding.read(sale, redis: client, postgres: try await postgres.connection())
            } catch {
                return nil
            }
        }
        return await Patience.within(times.standing, task) ?? nil
    }

    func close() async {
        await redis.close()
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
