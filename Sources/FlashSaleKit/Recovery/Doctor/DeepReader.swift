/// What the deep checks are judged by.
public struct DeepOptions: Sendable {
    /// Share of `maxmemory` above which checkouts are refused, in percent.
    public var memoryPercent = 85
    /// Bytes of undrained journal above which checkouts are refused.
    public var backlogBytes = 512 << 20
    /// Whether servers make the hourly sales.
    public var rotates = true
    /// How long Redis keeps finished sales.
    public var retention = KeyRetention()

    /// The limits of production.
    public init() {}
}

/// Makes the checks that only `doctor` makes. It writes nothing. A store that does not answer has no deep checks:
/// ``GuardReader`` tells about it.
public struct DeepReader: Sendable {
    private static let pings = 21

    private let options: DeepOptions
    private let redis: RedisClient?
    private let postgres: PostgresConnection?

    /// - Parameters:
    ///   - redis: nil when it cannot be reached.
    ///   - postgres: nil when it cannot be reached.
    public init(options: DeepOptions, redis: RedisClient?, postgres: PostgresConnection?) {
        self.options = options
        self.redis = redis
        self.postgres = postgres
    }

    /// What is found at this moment, in the order of ``DeepCheck/Name``.
    public func read() async -> [DeepCheck] {
        var checks: [DeepCheck] = []
        if let redis { checks += await readRedis(redis) }
        if let postgres { checks += await readPostgres(postgres) }
        if let redis, let postgres {
            checks += await attempt(.nextHour) {
                // Without tables there is no schedule; that the schema is old is told elsewhere.
                guard try await Migrator().pending(postgres).isEmpty else { return [] }
                return [try await NextHour.read(rotates: options.rotates, redis: redis, postgres: postgres).check]
            }
            checks += await attempt(.finishedSales) {
                guard try await Migrator().pending(postgres).isEmpty else { return [] }
                return [try await FinishedSales.read(options.retention, redis: redis, postgres: postgres).check]
            }
        }
        let order = Dictionary(uniqueKeysWithValues: DeepCheck.Name.allCases.enumerated().map { ($1, $0) })
        return checks.sorted { (order[$0.name] ?? 0) < (order[$1.name] ?? 0) }
    }

    private func readRedis(_ redis: RedisClient) async -> [DeepCheck] {
        var checks = await attempt(.persistence) {
            let reply = try await redis.send(RedisCommand("INFO"))
            let details = try RedisDetails(info: reply.string ?? "", location: redis.location)
            return details.checks(memoryPercent: options.memoryPercent, backlogBytes: options.backlogBytes)
        }
        checks += await attempt(.redisLatency) {
            let sample = try await LatencySample.measure(DeepReader.pings) {
                _ = try await redis.send(RedisCommand("PING"))
            }
            return [
                sample.check(
                    .redisLatency,
                    "PING",
                    fix: "Look at the load and the swap of its machine, at LATENCY DOCTOR and SLOWLOG GET, and at the"
                        + " network between."
                )
            ]
        }
        checks += await attempt(.slowCommands) { [try await slowCommands(redis)] }
        checks += await attempt(.redisDisk) { [try await disk(redis)] }
        checks += await attempt(.scripts) { [try await scripts(redis)] }
        return checks
    }

    private func readPostgres(_ postgres: PostgresConnection) async -> [DeepCheck] {
        var checks = await attempt(.postgresLatency) {
            let sample = try await LatencySample.measure(DeepReader.pings) { _ = try await postgres.query("select 1") }
            return [
                sample.check(
                    .postgresLatency,
                    "SELECT 1",
                    fix:
                        "Look at the load and the swap of its machine, at pg_stat_activity, and at the network between."
                )
            ]
        }
        checks += await attempt(.databaseSettings) { try await PostgresDetails.read(postgres).checks }
        checks += await attempt(.collation) { [try await PostgresCollation.read(postgres).check] }
        checks += await attempt(.standbys) {
            guard try await Migrator().pending(postgres).isEmpty else { return [] }
            return [try await StandbyCheck.read(postgres).check]
        }
        return checks
    }

    private func slowCommands(_ redis: RedisClient) async throws -> DeepCheck {
        let reply = try await redis.sendRaw(RedisCommand("SLOWLOG", "GET", "\(SlowCommand.count)"))
        if let refusal = reply.errorText { return .ok(.slowCommands, "The slow log cannot be read: \(refusal)") }
        let entries = (reply.elements ?? []).compactMap { SlowCommand($0) }
        return SlowCommand.check(entries, now: try await RedisTime.read(redis))
    }

    private func disk(_ redis: RedisClient) async throws -> DeepCheck {
        let reply = try await redis.sendRaw(RedisCommand("CONFIG", "GET", "dir"))
        if let folder = reply.elements?.dropFirst().first?.string, RedisEndpoint.isLocal(redis.location),
            let space = DiskSpace.read(folder)
        {
            return space.check(.redisDisk, whose: "Redis", loss: "Redis refuses every write and nothing is sold")
        }
        return .ok(.redisDisk, "How much is free for the append-only file has to be looked up on the machine of Redis.")
    }

    /// A server loads its scripts with each new connection: they are there unless no server of this version has been.
    private func scripts(_ redis: RedisClient) async throws -> DeepCheck {
        let names = SaleScript.allCases
        let parts = ["SCRIPT", "EXISTS"] + names.map(\.sha1)
        let reply = try await redis.send(RedisCommand(parts: parts.map(RedisArgument.string)))
        let loaded = (reply.elements ?? []).map { $0.integerValue == 1 }
        guard loaded.count == names.count else { return .ok(.scripts, "Redis does not say which scripts it has.") }
        let missing = zip(names, loaded).filter { !$0.1 }.map(\.0.rawValue)
        if missing.isEmpty { return .ok(.scripts, "The \(names.count) scripts of this version are loaded.") }
        let sentence = "Redis does not have these scripts of this version: \(missing.joined(separator: ", "))"
        guard try await sellsNow() else { return .ok(.scripts, "\(sentence). The next server loads them.") }
        return .warning(
            .scripts,
            "\(sentence), though a sale is open: its servers are of another version, or none runs.",
            fix: "Compare the scripts of `flashctl --version` on this machine with those of the servers."
        )
    }

    private func sellsNow() async throws -> Bool {
        guard let postgres, try await Migrator().pending(postgres).isEmpty else { return false }
        let store = SaleStore(postgres: postgres)
        return SaleSchedule(sales: try await store.unfinished()).current(at: try await store.now()) != nil
    }

    /// What cannot be read is a finding, and the rest is looked at all the same.
    private func attempt(_ name: DeepCheck.Name, _ body: () async throws -> [DeepCheck]) async -> [DeepCheck] {
        do {
            return try await body()
        } catch {
            return [
                .warning(
                    name,
                    "This could not be looked at: \(ErrorText.sentence(error)).",
                    fix: "Run `flashctl doctor` again; if it stays, the log of the store says why."
                )
            ]
        }
    }
}
