/// What a rotation did.
public struct RotationReport: Sendable, Equatable {
    /// Hourly sales that were put into the schedule.
    public var created: [SaleID] = []
    /// Sales that were opened in Redis.
    public var opened: [SaleID] = []
    /// Sales whose end was committed.
    public var finished: [SaleID] = []
    /// Ended sales that cannot be finished yet, and why.
    public var waiting: [SaleID: String] = [:]
    /// Ended sales of which Redis and Postgres disagree; they keep their keys.
    public var mismatches: [SaleID: [String]] = [:]
    /// Sales that could not be opened or finished, or are shut, and why. The others were not held up.
    public var failed: [SaleID: String] = [:]
    /// Sales whose end was booked before, by a Postgres that had more than this one, and is open again: an alarm until
    /// they are finished again.
    public var reopened: [SaleID: String] = [:]
    /// Finished sales whose keys should go, and why Redis refuses that.
    public var keysKept: [SaleID: String] = [:]
    /// Another process rotates at this moment; nothing was done.
    public var locked = false

    /// A report of nothing.
    public init() {}
}

/// The housekeeping of the schedule: the hourly sales of this hour and the next exist in both stores, and ended sales
/// are finished. Sales open and close by themselves, by the clock of Redis, however late this runs.
public struct Rotation: Sendable {
    let redis: RedisClient
    let postgres: PostgresConnection
    let hourly: HourlyTerms
    private let handshake: HandshakeOptions
    private let who: String
    private let retention: KeyRetention
    private let onRecovery: @Sendable (RecoveryNotice) -> Void

    /// Clocks of the two stores that are further apart than this stop a rotation, in microseconds.
    static let clockTolerance: Int64 = 10_000_000

    /// A rotation on two connections of its own: both are locked or busy for as long as it takes.
    public init(
        redis: RedisClient,
        postgres: PostgresConnection,
        hourly: HourlyTerms = HourlyTerms(),
        handshake: HandshakeOptions = HandshakeOptions(),
        who: String = "rotate-hour",
        retention: KeyRetention = KeyRetention(),
        onRecovery: @escaping @Sendable (RecoveryNotice) -> Void = { _ in }
    ) {
        self.redis = redis
        self.postgres = postgres
        self.hourly = hourly
        self.handshake = handshake
        self.who = who
        self.retention = retention
        self.onRecovery = onRecovery
    }

    /// Rotates. Idempotent and safe any number of times in parallel.
    ///
    /// - Parameter now: the time to rotate for; nil is the time of Redis.
    public func run(now: Timestamp? = nil) async throws -> RotationReport {
        let report = try await AdvisoryLock.rotation.whileHeld(on: postgres, patience: .zero) {
            try await rotate(now)
        }
        if let report { return report }
        var locked = RotationReport()
        locked.locked = true
        return locked
    }

    private func rotate(_ wanted: Timestamp?) async throws -> RotationReport {
        let first = Handshake(redis: redis, postgres: postgres, options: handshake, onRecovery: onRecovery)
        let validated = try await first.validate()
        let clock = try await confirmedClock()
        let now = wanted ?? clock
        let store = SaleStore(postgres: postgres)
        var report = RotationReport()
        for hour in [now, now.adding(milliseconds: 3_600_000)] {
            // An hour that has a sale keeps it, whatever its terms are.
            if case .created(let sale) = try await store.seed(hourly.terms(ofHourAt: hour)) {
                report.created.append(sale.id)
            }
        }
        Failpoint.reach("rotation.seeded")
        for (sale, shut) in validated.shut { report.failed[sale] = "it is shut: \(shut.why)" }
        let sales = try await store.unfinished()
        // All of them before anything is finished, which may fail.
        try await open(sales.filter { $0.terms.closesAt > now && $0.epoch == nil }, &report)
        Failpoint.reach("rotation.opened")
        try await finish(sales.filter { $0.terms.closesAt <= now && validated.shut[$0.id] == nil }, &report)
        if isConnected {
            let keys = FinishedKeys(redis: redis, postgres: postgres, retention: retention)
            report.keysKept = try await keys.sweep().refused
        }
        return report
    }

    private var isConnected: Bool { redis.isActive && postgres.isUsable }

    /// A sale that cannot be opened holds up no other.
    private func open(_ sales: [Sale], _ report: inout RotationReport) async throws {
        let opener = SaleOpener(redis: redis, postgres: postgres, patience: handshake.patience)
        for sale in sales {
            do {
                _ = try await opener.open(sale)
                report.opened.append(sale.id)
            } catch let error as ScheduleError where error.code == .locked {
                // The lock is the same for all.
                throw error
            } catch {
                guard isConnected, !(error is CancellationError) else { throw error }
                report.failed[sale.id] = "\(error)"
            }
        }
    }

    /// A sale that cannot be finished holds up no other, unless it costs a connection.
    private func finish(_ sales: [Sale], _ report: inout RotationReport) async throws {
        for sale in sales {
            guard isConnected else {
                report.waiting[sale.id] = "a connection was lost before its turn"
                continue
            }
            do {
                try await finish(sale, &report)
            } catch {
                if error is CancellationError { throw error }
                report.failed[sale.id] = "\(error)"
            }
        }
    }

    private func finish(_ sale: Sale, _ report: inout RotationReport) async throws {
        let finisher = SaleFinisher(redis: redis, postgres: postgres, who: who)
        let ended = try await EndedSale.read(sale.id, from: redis)
        guard let epoch = sale.epoch else {
            // This Postgres has lost even the opening: to call it unsold would be wrong.
            if let ended { throw ScheduleError(.refused, ended.loss(purchases: 0)) }
            if try await finisher.finishUnopened(sale) { report.finished.append(sale.id) }
            return
        }
        if let ended { report.reopened[sale.id] = ended.reopening }
        switch try await finisher.finish(sale, epoch: epoch) {
        case .finished: report.finished.append(sale.id)
        case .waiting(let reason): report.waiting[sale.id] = reason
        case .mismatch(let problems): report.mismatches[sale.id] = problems
        }
    }

    /// The time of Redis, which decides when sales open, if Postgres has about the same.
    func confirmedClock() async throws -> Timestamp {
        let time = try await RedisTime.read(redis)
        let other = try await SaleStore(postgres: postgres).now()
        let distance = abs(time.microseconds - other.microseconds)
        guard distance <= Rotation.clockTolerance else {
            throw ScheduleError(
                .clocksDiffer,
                "the clocks of Redis and Postgres are \(distance / 1_000_000) s apart",
                nextStep: "set both clocks (chrony, ntpd), then rotate again"
            )
        }
        return time
    }
}
