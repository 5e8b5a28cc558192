/// What the checks are judged by.
public struct GuardOptions: Sendable {
    /// Whether a Redis without an append-only file is accepted.
    public var allowNoAOF = false
    /// Share of `maxmemory` above which checkouts are refused, in percent.
    public var memoryPercent = 85
    /// Bytes of undrained journal above which checkouts are refused.
    public var backlogBytes = 512 << 20
    /// The clock of this host.
    public var hostClock: @Sendable () -> Timestamp

    /// The limits of production.
    public init(hostClock: @escaping @Sendable () -> Timestamp) {
        self.hostClock = hostClock
    }
}

/// Makes all checks. A store that does not answer is a finding, and the other one is checked all the same. It writes
/// nothing, but for the text of the scripts in Redis' script cache.
public actor GuardReader {
    private let redis: @Sendable () async throws -> RedisClient
    private let postgres: @Sendable () async throws -> PostgresConnection
    private let options: GuardOptions
    private let meter = JournalMeter()

    /// Seconds that a drain may be behind before somebody should look.
    private static let lateSeconds = 10.0
    /// Seconds from which on it counts as standing still.
    private static let stuckSeconds = 60.0

    /// A reader that gets its connections from these; they may be the same each time.
    public init(
        options: GuardOptions,
        redis: @escaping @Sendable () async throws -> RedisClient,
        postgres: @escaping @Sendable () async throws -> PostgresConnection
    ) {
        self.options = options
        self.redis = redis
        self.postgres = postgres
    }

    /// What both stores say at this moment.
    public func read() async -> GuardReport {
        var report = GuardReport()
        let client = await readRedis(into: &report)
        let positions = await readPostgres(into: &report)
        if let client, let positions { await compare(client, positions, into: &report) }
        report.checks.append(clocks(report.skew))
        report.sort()
        return report
    }

    private func readRedis(into report: inout GuardReport) async -> RedisClient? {
        do {
            let client = try await redis()
            let facts = try await RedisGuards.read(client)
            report.reachedRedis = true
            report.checks += facts.checks(allowNoAOF: options.allowNoAOF, memoryPercent: options.memoryPercent)
            report.skew.redis = try await ClockOffset.measure(host: options.hostClock) {
                try await RedisTime.read(client)
            }
            return facts.loading ? nil : client
        } catch {
            report.checks.append(GuardReader.unreachable(.redis, "Redis", error))
            return nil
        }
    }

    private func readPostgres(into report: inout GuardReport) async -> JournalPositions? {
        do {
            let connection = try await postgres()
            let facts = try await PostgresFacts.read(connection)
            report.reachedPostgres = true
            report.checks += facts.checks
            report.skew.postgres = try await ClockOffset.measure(host: options.hostClock) {
                try await SaleStore(postgres: connection).now()
            }
            if let fault = facts.encodingFault {
                report.checks.append(fault)
                return nil
            }
            let pending = try await Migrator().pending(connection)
            guard pending.isEmpty else {
                report.checks.append(GuardReader.schema(lacking: pending))
                return nil
            }
            _ = try await Installation.read(connection)
            report.checks.append(GuardCheck(.schema, .ok, "The schema is that of this version."))
            let dead = try await GuardReader.deadLetters(connection)
            report.deadLetters = dead.reduce(0) { $0 + $1.count }
            report.checks.append(GuardReader.check(deadLetters: dead))
            report.recoveries = try await connection.query("select count(*) as n from recoveries").one()["n"].int
            return try await JournalPositions.read(connection)
        } catch let error as RecoveryError where error.code == .newerFormat {
            report.checks.append(
                GuardCheck(
                    .schema,
                    .critical,
                    ErrorText.whole("the schema is that of a newer version: \(error.message)"),
                    nextStep: ErrorText.whole(StoreFormat.nextStep)
                )
            )
            return nil
        } catch {
            report.checks.append(GuardReader.unreachable(.postgres, "Postgres", error))
            return nil
        }
    }

    /// What takes both stores: lag and damage.
    private func compare(_ client: RedisClient, _ positions: JournalPositions, into report: inout GuardReport) async {
        do {
            for command in SaleScript.loadCommands { _ = try await client.send(command) }
            let now = try await RedisTime.read(client)
            report.lags = try await meter.measure(positions, redis: client, now: now)
            let gaps = try await JournalGap.readAll(redis: client, postgres: try await postgres())
            report.checks.append(JournalGap.check(.ledger, gaps) ?? lag(.ledger, report.lags))
            report.checks.append(JournalGap.check(.attempts, gaps) ?? lag(.attempts, report.lags))
            report.checks.append(try await damage(client, try await postgres()))
        } catch {
            report.checks.append(
                GuardCheck(
                    .sales,
                    .critical,
                    "The journals could not be compared: \(ErrorText.sentence(error)).",
                    nextStep: "Run `flashctl doctor` again; if it stays, look at the logs of both stores."
                )
            )
        }
    }

    private static func unreachable(_ name: GuardCheck.Name, _ store: String, _ error: any Error) -> GuardCheck {
        let known = (error as? RedisError)?.nextStep ?? (error as? PostgresError)?.nextStep
        return GuardCheck(
            name,
            .critical,
            "\(store) cannot be asked: \(ErrorText.sentence(error)).",
            nextStep: ErrorText.whole(known ?? "start it, or correct its URL; see its log")
        )
    }

    private static func schema(lacking pending: [String]) -> GuardCheck {
        GuardCheck(
            .schema,
            .critical,
            "The schema lacks \(pending.joined(separator: ", ")).",
            nextStep: "Run `flashctl migrate`."
        )
    }

    private static func deadLetters(_ postgres: PostgresConnection) async throws -> [(sale: SaleID, count: Int)] {
        let rows = try await postgres.query(
            """
            select sale_id, count(*) as n from dead_letter where repaired_at is null group by sale_id order by sale_id
            """
        )
        return try rows.map { (try $0["sale_id"].saleID, try $0["n"].int) }
    }

    private static func check(deadLetters dead: [(sale: SaleID, count: Int)]) -> GuardCheck {
        guard !dead.isEmpty else {
            return GuardCheck(.deadLetters, .ok, "Postgres has taken every row of the journal.")
        }
        let total = dead.reduce(0) { $0 + $1.count }
        let sales = dead.prefix(5).map { "\($0.count) of sale \($0.sale)" }.joined(separator: ", ")
        return GuardCheck(
            .deadLetters,
            .critical,
            "\(total) \(total == 1 ? "row waits" : "rows wait") in dead_letter: \(sales).",
            nextStep: "Read reason and payload in the table dead_letter, remove what refuses the row, and run"
                + " `flashctl replay-attempts --pending`."
        )
    }

    private func lag(_ stream: JournalStream, _ lags: [JournalLag]) -> GuardCheck {
        let name: GuardCheck.Name = stream == .ledger ? .ledgerLag : .attemptsLag
        let own = lags.filter { $0.stream == stream }
        guard let worst = own.max(by: { $0.seconds < $1.seconds }), worst.entries > 0 else {
            return GuardCheck(name, .ok, "All entries of the \(stream.rawValue) are in Postgres.")
        }
        let (entries, bytes) = own.reduce((0, 0)) { ($0.0 + $1.entries, $0.1 + $1.bytes) }
        let age = (worst.seconds * 10).rounded() / 10
        let sentence =
            "\(entries) \(entries == 1 ? "entry" : "entries") of the \(stream.rawValue), \(ByteText.text(bytes)),"
            + " are not in Postgres yet; the oldest is \(age) s old (sale \(worst.saleID))."
        let step = "See that a server runs and that Postgres keeps up; the server's log says what stops its drain."
        if worst.seconds >= GuardReader.stuckSeconds || bytes >= options.backlogBytes {
            return GuardCheck(name, .critical, sentence, nextStep: step)
        }
        return worst.seconds >= GuardReader.lateSeconds
            ? GuardCheck(name, .warning, sentence, nextStep: step) : GuardCheck(name, .ok, sentence)
    }

    private func damage(_ client: RedisClient, _ connection: PostgresConnection) async throws -> GuardCheck {
        let inspection = KeyInspection(redis: client, postgres: connection)
        let claim = LineageClaim(redis: client, postgres: connection)
        let lineage = try await PostgresStanding.read(on: connection).lineage
        var damaged: [String] = []
        var newer: [String] = []
        for sale in try await SaleStore(postgres: connection).unfinished() {
            guard let epoch = sale.epoch else { continue }
            do {
                if let lineage { _ = try await claim.expected(of: sale.id, for: lineage) }
                guard try await inspection.standing(of: sale.id, epoch: epoch) != .whole else { continue }
                let why = try await inspection.damage(of: sale.id)
                damaged.append("sale \(sale.id) (\(why ?? "it waits for its recovery"))")
            } catch let error as RedisError where error.saleOfNewerFormat != nil {
                newer.append(error.message)
            } catch let error as RecoveryError where error.code == .otherPostgres {
                let step = ErrorText.whole(error.nextStep ?? "")
                return GuardCheck(.sales, .critical, "Not sold: \(error.message).", nextStep: step)
            }
        }
        if damaged.isEmpty, newer.isEmpty {
            return GuardCheck(.sales, .ok, "The keys of every live sale are whole.")
        }
        return GuardCheck(
            .sales,
            .critical,
            "Not sold: \((damaged + newer).joined(separator: "; ")).",
            nextStep: damaged.isEmpty
                ? ErrorText.whole(StoreFormat.nextStep)
                : "A running server recovers sales by itself; if it stays, its log says why, and `flashctl verify`"
                    + " what is missing."
        )
    }

    private func clocks(_ skew: ClockSkew) -> GuardCheck {
        guard let worst = skew.worst else {
            return GuardCheck(
                .clocks,
                .warning,
                "No clock could be read.",
                nextStep: "Start the stores first."
            )
        }
        let sentence = skew.pairs.map(\.sentence).joined(separator: "; ")
        let step = "Set the clocks right: run chrony or systemd-timesyncd on every machine."
        if worst.certain > ClockSkew.limit {
            return GuardCheck(
                .clocks,
                .critical,
                "\(sentence). Servers return no lapsed holds until the clocks agree.",
                nextStep: step
            )
        }
        return worst.certain > ClockSkew.limit / 4
            ? GuardCheck(.clocks, .warning, "\(sentence).", nextStep: step) : GuardCheck(.clocks, .ok, "\(sentence).")
    }
}
