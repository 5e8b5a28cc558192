import FlashSaleKit
import NIOCore
import Synchronization

/// What `replay-attempts` does, for each of its meanings.
extension ReplayAttemptsCommand {
    /// Connections of a replay, unless others are asked for.
    private static let connections = 200

    func audit(_ stores: Stores, _ output: Output) async throws {
        let progress = ReplayProgress("audit", output: output)
        let audit = try await stores.withPostgres { postgres in
            try await Stores.requireSchema(postgres)
            defer { progress.clear() }
            return try await ReplayAudit.run(try await recordedSale(postgres), on: postgres) { rows, total in
                progress.show(rows, of: total)
            }
        }
        let report = ReplayAuditReport(audit: audit)
        try output.write(report)
        if let failure = report.failure { throw failure }
    }

    func writeAttempts(_ stores: Stores, _ output: Output) async throws {
        let filter = try filter()
        let progress = ReplayProgress("export", output: output)
        try await stores.withPostgres { postgres in
            try await Stores.requireSchema(postgres)
            defer { progress.clear() }
            let sale = try await recordedSale(postgres)
            let show = { @Sendable (rows: Int, total: Int) in progress.show(rows, of: total) }
            _ = try await AttemptsExport.run(sale.id, filter, on: postgres, progress: show) { attempt in
                try output.write(line: ReplayAttemptsCommand.data(attempt, sale.id))
            }
        }
    }

    private static func data(_ attempt: AttemptsExport.Attempt, _ sale: SaleID) -> DataValue {
        .fields([
            "sale": .integer(sale.rawValue), "epoch": .integer(attempt.place.epoch),
            "seq": .integer(attempt.place.seq), "idx": .integer(attempt.place.index),
            "at_us": .integer(attempt.at.microseconds), "at": .string(attempt.at.rfc3339),
            "user": .user(attempt.user), "item_id": .integer(attempt.itemID),
            "outcome": .optional(attempt.outcome?.name), "hold": .optional(attempt.holdID?.description),
        ])
    }

    func movePending(_ stores: Stores, _ actor: String, _ output: Output) async throws {
        let bar = ReplayProgress("pending", unit: "entries", output: output)
        let moved = Atomic(0)
        let result = try await stores.withBoth { redis, postgres in
            let wanted = try await pendingSale(postgres)
            let work = PendingWork(redis: redis, postgres: postgres, actor: actor, options: stores.handshakeOptions)
            if dryRun { return try await work.survey(wanted) }
            defer { bar.clear() }
            return try await work.run(wanted) { entries, waiting in
                let done = moved.add(entries, ordering: .relaxed).newValue
                bar.show(done, of: max(waiting, done))
            }
        }
        let report = PendingReport(result: result, isDryRun: dryRun)
        try output.write(report)
        if let failure = report.failure { throw failure }
    }

    func play(
        _ stores: Stores,
        _ interrupts: AsyncStream<ExitStatus>,
        _ output: Output,
        unicode: Bool
    ) async throws {
        let target = try LoadTarget(parsing: target ?? "")
        let speed = speed ?? .times(1)
        let isOrdered = ordered ?? true
        let report = try await stores.withPostgres { postgres in
            try await Stores.requireSchema(postgres)
            let sale = try await recordedSale(postgres)
            let reader = TrafficReader(postgres: postgres)
            try await reader.open(sale.id)
            var plan = LoadPlan(.megaload, target: target, runID: "replay")
            plan.name = "replay of sale \(sale.id)"
            plan.requests = max(1, await reader.attempts)
            plan.connections = connections ?? ReplayAttemptsCommand.connections
            plan.timeoutSeconds = timeout ?? plan.timeoutSeconds
            try plan.validate()
            let schedule = LoadSchedule(speed: speed.factor, isOrdered: isOrdered)
            var outlook = plan.outlook
            outlook.model = .scheduled
            let view = LoadLiveView(LoadScreen(outlook: outlook, unicode: unicode), output: output)
            let timeline = Mutex(LoadTimeline())
            let isTerminal = output.talkTerminal.isTerminal
            var run = LoadRun(plan: plan, interrupts: interrupts) { interval in
                let passed = timeline.withLock { timeline in
                    timeline.add(interval)
                    return timeline
                }
                if isTerminal || Int(interval.start + interval.length) % 10 == 0 { view.show(passed) }
            }
            run.schedule = schedule
            run.feed = { try await ReplayAttemptsCommand.feed($0, from: reader) }
            defer { view.end() }
            return ReplayTargetReport(
                sale: sale,
                summary: try await run.execute(),
                comparison: schedule.comparison,
                speed: speed,
                isOrdered: isOrdered,
                tolerance: tolerance ?? 0
            )
        }
        try output.write(report)
        if report.status != .success { throw SilentExit(report.status) }
    }

    /// Reads ahead of the requests, as far as the schedule has room.
    private static func feed(_ schedule: LoadSchedule, from reader: TrafficReader) async throws {
        while true {
            let events = try await reader.next()
            if events.isEmpty { return }
            while schedule.isFull { try await Task.sleep(for: .milliseconds(5)) }
            schedule.append(events, now: NIODeadline.now().uptimeNanoseconds)
        }
    }

    /// The one sale of which what is stuck is to be moved; nil for all of them.
    private func pendingSale(_ postgres: PostgresConnection) async throws -> SaleID? {
        switch sale {
        case .number(let id): try await SaleFinder(postgres: postgres).find(id).id
        case .current: try await SaleFinder(postgres: postgres).current().id
        case .all, nil: nil
        }
    }

    /// The sale that is meant: by number, or the one that sells now, or the last that did.
    private func recordedSale(_ postgres: PostgresConnection) async throws -> Sale {
        let finder = SaleFinder(postgres: postgres)
        if case .number(let id) = sale { return try await finder.find(id) }
        let sale = try await finder.current()
        let store = SaleStore(postgres: postgres)
        let now = try await store.now()
        if sale.epoch != nil, sale.terms.opensAt <= now { return sale }
        let opened = try await store.all(limit: 1000).first { $0.epoch != nil && $0.terms.opensAt <= now }
        return opened ?? sale
    }
}
