/// Whether the sale of the next hour can open on the hour.
struct NextHour: Sendable, Equatable {
    /// The time of Postgres.
    var now: Timestamp
    /// Whether somebody means to have hourly sales: there are some, or servers make them.
    var isWanted: Bool
    /// The sale of the next hour in the schedule.
    var sale: Sale?
    /// Whether Redis has its keys.
    var isInRedis: Bool

    /// With so many minutes left nobody can count on chance any more.
    static let urgentMinutes = 10

    /// Reads the schedule and the keys.
    ///
    /// - Parameter time: the present; nil: the clock of Postgres.
    static func read(
        at time: Timestamp? = nil,
        rotates: Bool,
        redis: RedisClient,
        postgres: PostgresConnection
    ) async throws -> NextHour {
        let store = SaleStore(postgres: postgres)
        let now = if let time { time } else { try await store.now() }
        let opens = now.startOfHour.adding(milliseconds: 3_600_000)
        let sale = try await store.unfinished().first { $0.terms.hourly && $0.terms.opensAt == opens }
        var isInRedis = false
        if let sale {
            isInRedis = try await redis.send(RedisCommand("EXISTS", SaleKeys(sale.id).sale)).integerValue == 1
        }
        let row = try await postgres.query("select exists (select from sales where hourly) as hourly").one()
        return NextHour(now: now, isWanted: try rotates || row["hourly"].bool, sale: sale, isInRedis: isInRedis)
    }

    /// Whole minutes until the next hour.
    var minutesLeft: Int {
        let opens = now.startOfHour.adding(milliseconds: 3_600_000)
        return Int((opens.microseconds - now.microseconds) / 60_000_000)
    }

    var check: DeepCheck {
        let time = "in \(minutesLeft) min"
        if let sale, sale.epoch != nil, isInRedis {
            return .ok(.nextHour, "Sale \(sale.id) of the next hour is prepared in both stores; it opens \(time).")
        }
        if sale == nil, !isWanted { return .ok(.nextHour, "There are no hourly sales, and nobody asks for them.") }
        let missing =
            sale.map { "Sale \($0.id) of the next hour is in the schedule, but not in Redis" }
            ?? "There is no sale of the next hour"
        let fix =
            "Run `flashctl rotate-hour`, and see that cron does, or that a server with --rotate runs."
        let sentence = "\(missing); it should open \(time)."
        return minutesLeft < NextHour.urgentMinutes
            ? .critical(.nextHour, sentence, fix: fix) : .warning(.nextHour, sentence, fix: fix)
    }
}
