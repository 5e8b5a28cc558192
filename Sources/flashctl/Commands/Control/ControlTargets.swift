import FlashSaleKit

/// The sales that a change is about, and under which epochs they may be written.
struct ControlTargets: Sendable {
    struct Target: Sendable {
        var sale: SaleID
        var epoch: Int64
    }

    var open: [Target] = []
    /// Sales that cannot be changed, and why.
    var troubles: [SaleID: CommandFailure] = [:]
    /// The time of Postgres; nil when it is away.
    var confirmed: Timestamp?

    /// Validates Redis, and finds the sales in the schedule.
    static func find(
        _ wanted: SaleArgument,
        _ redis: RedisClient,
        _ postgres: PostgresConnection,
        _ options: HandshakeOptions
    ) async throws -> ControlTargets {
        let validated = try await Handshake(redis: redis, postgres: postgres, options: options).validate()
        var targets = ControlTargets()
        for sale in try await sales(wanted, postgres) {
            if let epoch = validated.epochs[sale.id] {
                targets.open.append(Target(sale: sale.id, epoch: epoch))
            } else {
                targets.troubles[sale.id] = trouble(sale, validated.shut[sale.id])
            }
        }
        targets.confirmed = try await SaleStore(postgres: postgres).now()
        return targets
    }

    /// Without Postgres only a sale whose number is known can be changed, in a Redis that is the blessed one.
    static func find(_ sale: SaleID, _ redis: RedisClient, _ options: HandshakeOptions) async throws -> ControlTargets {
        let controller = SaleController(redis: redis)
        do {
            try await controller.requireBlessedRun(allowNoAOF: options.allowNoAOF)
        } catch let error as RecoveryError where error.code == .rebuildNeeded([]) {
            throw CommandFailure(
                .unreachable,
                "Postgres is away, and \(error.message): nothing was changed",
                nextStep: error.nextStep
            )
        }
        var targets = ControlTargets()
        if let snapshot = try await controller.snapshot(of: sale) {
            targets.open.append(Target(sale: sale, epoch: snapshot.epoch))
        } else {
            targets.troubles[sale] = CommandFailure(
                .failure,
                "Redis knows no sale \(sale): it is over, or not open yet",
                nextStep: "GET /sale of a server says which sale it sells"
            )
        }
        return targets
    }

    /// The sales that are meant; `all` is every one that is not over.
    static func sales(_ wanted: SaleArgument, _ postgres: PostgresConnection) async throws -> [Sale] {
        let finder = SaleFinder(postgres: postgres)
        guard wanted == .all else { return try await finder.find(wanted) }
        let sales = try await SaleStore(postgres: postgres).unfinished()
        if sales.isEmpty { return [try await finder.current()] }
        return sales
    }

    /// What to say when Redis wants its clock confirmed and Postgres is away: the clocks need not be wrong, Redis may
    /// only have stood still. Nil for any other error.
    ///
    /// - Parameter absence: why Postgres cannot be asked.
    static func unconfirmed(_ error: any Error, _ absence: String) -> CommandFailure? {
        guard let error = error as? ScheduleError, error.code == .clocksDiffer else { return nil }
        return CommandFailure(
            .unreachable,
            "\(absence); without Postgres nobody can confirm the clock of Redis, which is more than ten seconds ahead "
                + "of the sale: nothing was changed",
            nextStep: "bring Postgres back, then run this again; until then the servers do not sell either"
        )
    }

    static func trouble(_ sale: Sale, _ shut: ShutSale?) -> CommandFailure {
        if sale.finishedAt != nil { return CommandFailure(.failure, "sale \(sale.id) is over: nothing was changed") }
        if let shut {
            return CommandFailure(
                .failure,
                "sale \(sale.id) is shut, nothing of it is sold: \(shut.why)",
                nextStep: "see `flashctl reconcile --plan --sale \(sale.id)`"
            )
        }
        return CommandFailure(
            .failure,
            "sale \(sale.id) is not open in Redis yet: nothing was changed",
            nextStep: "`flashctl rotate-hour` opens it; then run this again"
        )
    }
}

extension PostgresError {
    /// Whether Postgres cannot be asked right now; what it refuses is something else.
    var isAway: Bool {
        switch code {
        case .connectFailed: !isLoginRefused && !isDatabaseMissing
        case .closed, .timeout, .locked, .commitUnknown, .readOnly: true
        case .server(let state): state.hasPrefix("57P") || state.hasPrefix("08") || state.hasPrefix("53")
        case .invalidEndpoint, .invalidStatement, .cancelled, .overloaded, .rolledBack, .decoding, .migration: false
        }
    }
}
