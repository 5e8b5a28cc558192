import FlashSaleKit

/// What became of changes, or would become of them.
struct ControlReport: Report, Sendable {
    struct Step: Sendable {
        var change: SaleController.Change
        var reason: String
        var actor: String
        /// Since when, by whom and why it was so already, if that is known.
        var before: ControlLog.Entry?
        /// Whether a change is in `control_log`; else it is in the journal, which goes there.
        var recorded = false
        /// Whether the user has ever checked out in the sale; nil when the change is about none, or a store could not
        /// be asked.
        var isOnRecord: Bool?
        /// If not: users on record with nearly the same name.
        var near: [UserID] = []

        var outcome: ControlCall.Outcome { change.outcome }

        init(_ change: SaleController.Change, _ request: ControlCall.Request) {
            self.change = change
            reason = request.why
            actor = request.who
        }

        /// Adds what Postgres knows, as far as it answers.
        mutating func complete(_ log: ControlLog, of sale: SaleID, recorded: Bool) async {
            self.recorded = recorded && outcome == .changed
            if outcome == .unchanged { before = (try? await log.latest(change.operation, of: sale)) ?? nil }
        }

        /// Finds out whether the name may be misspelt. The change does not depend on it.
        mutating func look(for inspection: Inspection, of sale: SaleID) async {
            guard let user = change.operation.user,
                let found = try? await inspection.inspect(user: user, in: sale, attempts: 0)
            else { return }
            isOnRecord = found.hasCheckedOut
            if !found.hasCheckedOut { near = (try? await inspection.users(near: user, in: [sale])) ?? [] }
        }
    }

    struct Sale: Sendable {
        var id: SaleID
        var steps: [Step]
        /// What counts afterwards; nil when that could not be read any more.
        var state: ControlState?
    }

    var dryRun: Bool
    var sales: [Sale]
    /// Sales that could not be changed, and why.
    var troubles: [SaleID: CommandFailure]

    /// Why not everything is as it was wanted; nil when it is.
    var failure: CommandFailure? {
        if let first = troubles.min(by: { $0.key < $1.key })?.value {
            guard troubles.count > 1 else { return first }
            return CommandFailure(
                first.status,
                troubles.sorted { $0.key < $1.key }.map(\.value.message).joined(separator: "; "),
                nextStep: first.nextStep
            )
        }
        for sale in sales {
            if let step = sale.steps.first(where: { $0.outcome == .refused }) { return refusal(step, sale) }
        }
        return nil
    }

    private func refusal(_ step: Step, _ sale: Sale) -> CommandFailure {
        guard case .lowerLimit(let wanted) = step.change.operation else {
            return CommandFailure(.failure, "sale \(sale.id) does not allow '\(step.change.operation.name)' now")
        }
        let now = sale.state.map { "\($0.limit)" } ?? "lower"
        return CommandFailure(
            .failure,
            "the limit of sale \(sale.id) is \(now) and is never raised, to \(wanted) neither: nothing was changed",
            nextStep: "a higher limit needs another sale: `flashctl seed-sale --limit \(wanted)`"
        )
    }

    var data: DataValue {
        .list(
            sales.map { sale in
                .fields([
                    "sale": .integer(sale.id.rawValue),
                    "dry_run": .bool(dryRun),
                    "changes": .list(sale.steps.map(data)),
                    "state": sale.state?.data ?? .null,
                    "buyers": .list(sentences(sale).map { .string($0) }),
                ])
            }
        )
    }

    private func data(_ step: Step) -> DataValue {
        let changed = step.outcome == .changed
        return .fields([
            "action": .string(step.change.operation.name),
            "value": .optional(step.change.operation.value),
            "result": .string(dryRun && changed ? "would_change" : step.outcome.rawValue),
            "since": .optional(changed && !dryRun ? step.change.at.rfc3339 : step.before?.at.rfc3339),
            "actor": .optional(changed ? step.actor : step.before?.actor),
            "reason": .optional(changed ? step.reason : step.before?.reason),
            "user_on_record": step.isOnRecord.map { .bool($0) } ?? .null,
            "near_users": .list(step.near.map { .user($0) }),
            "recorded": changed && !dryRun ? .string(step.recorded ? "control_log" : "journal") : .null,
        ])
    }

    private func sentences(_ sale: Sale) -> [String] {
        sale.state?.sentences(about: sale.steps.map(\.change.operation)) ?? []
    }

    var sections: [ReportSection] {
        sales.map { sale in
            var lines = ["sale \(sale.id)"]
            for step in sale.steps { lines += (self.lines(step) + doubts(step)).map { "  " + $0 } }
            lines += sentences(sale).map { "  buyers\(dryRun ? " then" : ""): \($0)" }
            return .paragraph(lines.joined(separator: "\n"))
        }
    }

    /// What a name that nobody has used suggests.
    private func doubts(_ step: Step) -> [String] {
        guard let user = step.change.operation.user, step.isOnRecord == false else { return [] }
        return ["no checkout of \(user) is on record in this sale\(NearUsers.clause(step.near))"]
    }

    private func lines(_ step: Step) -> [String] {
        let what = ControlReport.words(step.change.operation)
        switch step.outcome {
        case .changed where dryRun: return ["would be changed: \(what)"]
        case .changed:
            let place =
                step.recorded
                ? "recorded in control_log" : "recorded in the journal; control_log gets it when Postgres can be asked"
            return [
                "\(what) since \(step.change.at.rfc3339)",
                "\(place): \(DisplayWidth.harmless(step.actor)), \(DisplayWidth.harmless(step.reason))",
            ]
        case .unchanged:
            if case .unban(let user) = step.change.operation {
                return ["\(user) was not banned; nothing was changed"]
            }
            guard let before = step.before else { return ["\(what) already; nothing was changed"] }
            let who = "\(DisplayWidth.harmless(before.actor)), \(DisplayWidth.harmless(before.reason))"
            return ["\(what) already, since \(before.at.rfc3339) (\(who)); nothing was changed"]
        case .refused: return ["refused: \(step.change.operation.name) \(step.change.operation.value ?? "")"]
        }
    }

    /// What is so once it is done.
    private static func words(_ operation: ControlCall.Operation) -> String {
        switch operation {
        case .pauseCheckout: "checkouts are paused"
        case .resumeCheckout: "checkouts are not paused"
        case .pausePurchase: "purchases are paused"
        case .resumePurchase: "purchases are not paused"
        case .ban(let user): "\(user) is banned"
        case .unban(let user): "\(user) is not banned"
        case .lowerLimit(let limit): "the limit is \(limit) per user"
        case .finish, .withdraw: "the sale is closed"
        }
    }
}
