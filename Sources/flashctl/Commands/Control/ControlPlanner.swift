import FlashSaleKit

/// Says what would become of changes; writes nothing.
struct ControlPlanner: Sendable {
    let redis: RedisClient
    /// Nil while Postgres is away.
    let log: ControlLog?
    /// Nil while Postgres is away.
    let inspection: Inspection?

    func plan(_ sales: [Sale], _ requests: [ControlCall.Request]) async throws -> ControlReport {
        var report = ControlReport(dryRun: true, sales: [], troubles: [:])
        for sale in sales {
            if sale.finishedAt != nil || sale.epoch == nil {
                report.troubles[sale.id] = ControlTargets.trouble(sale, nil)
            } else {
                try await plan(sale.id, requests, &report)
            }
        }
        return report
    }

    func plan(_ sales: [SaleID], _ requests: [ControlCall.Request]) async throws -> ControlReport {
        var report = ControlReport(dryRun: true, sales: [], troubles: [:])
        for sale in sales { try await plan(sale, requests, &report) }
        return report
    }

    private func plan(_ id: SaleID, _ requests: [ControlCall.Request], _ report: inout ControlReport) async throws {
        let controller = SaleController(redis: redis)
        guard let snapshot = try await controller.snapshot(of: id), snapshot.state == .open else {
            report.troubles[id] = CommandFailure(
                .failure,
                "sale \(id) is not open in Redis: it is over, or has to be recovered first",
                nextStep: "see `flashctl status --sale \(id)`"
            )
            return
        }
        var state = ControlState(snapshot)
        var steps: [ControlReport.Step] = []
        for request in requests {
            let change = try await controller.preview(request.operation, in: snapshot, of: id)
            if change.outcome == .changed { state.apply(request.operation) }
            var step = ControlReport.Step(change, request)
            if let log { await step.complete(log, of: id, recorded: false) }
            if let inspection { await step.look(for: inspection, of: id) }
            steps.append(step)
        }
        report.sales.append(ControlReport.Sale(id: id, steps: steps, state: state))
    }
}
