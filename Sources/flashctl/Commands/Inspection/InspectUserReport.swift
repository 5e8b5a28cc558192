import FlashSaleKit

/// How a user stands, in one sale or several: one element for each sale that knows the user.
struct InspectUserReport: Report, Sendable {
    var user: UserID
    /// Which store is away.
    var missing: String?
    var trouble: [String] = []
    /// The sales that were looked into.
    var sales: [SaleID] = []
    var inspections: [UserInspection] = []
    /// Users on record with nearly this name, when there is none with it.
    var near: [UserID] = []

    /// How the command ends when the stores disagree, or nothing is known.
    var failure: CommandFailure? {
        if let failure = AgreementSection.failure(inspections.map { ($0.saleID, $0.agreement) }) { return failure }
        guard inspections.isEmpty else { return nil }
        if missing != nil { return nil }
        let place = sales.count == 1 ? "sale \(sales[0])" : "none of \(sales.count) sales"
        let knows = sales.count == 1 ? "knows no user" : "knows a user"
        return CommandFailure(
            .failure,
            "\(place) \(knows) '\(user)'",
            nextStep: "check the spelling, it matters to the byte"
                + (sales.count == 1 ? ", or look into every sale with --sale all" : "")
                + NearUsers.clause(near)
        )
    }

    var data: DataValue { .list(inspections.map(data)) }

    private func data(_ user: UserInspection) -> DataValue {
        .fields([
            "user": .user(user.user),
            "sale": .integer(user.saleID.rawValue),
            "at": .string(user.at.rfc3339),
            "missing": .optional(missing),
            "limit": .integer(user.limit),
            "held": .integer(user.held),
            "sold": .integer(user.sold),
            "quota_left": .integer(user.quotaLeft),
            "banned": .bool(user.ban != nil),
            "ban": user.ban.map(InspectUserReport.data) ?? .null,
            "holds": .list(user.holds.map { InspectUserReport.data($0, user.at) }),
            "purchases": .list(user.purchases.map(InspectUserReport.data)),
            "expired": .integer(user.expired),
            "released": .integer(user.released),
            "attempts": .integer(user.outcomes.values.reduce(0, +)),
            "outcomes": .record(
                Outcome.allCases.map { .init(name: $0.name, value: .integer(user.outcomes[$0] ?? 0)) }
            ),
            "last_attempts": .list(user.attempts.map(InspectUserReport.data)),
            "agrees": AgreementSection.data(user.agreement),
            "not_compared": .optional(user.agreement.reason),
            "differences": .list(user.agreement.differences.map { .string($0) }),
        ])
    }

    private static func data(_ ban: UserInspection.Ban) -> DataValue {
        .fields([
            "reason": .string(ban.reason), "by": .optional(ban.who), "at": .optional(ban.at?.rfc3339),
        ])
    }

    private static func data(_ hold: UserInspection.Hold, _ now: Timestamp) -> DataValue {
        .fields([
            "hold": .string(hold.id.description), "item_id": .integer(hold.itemID),
            "expires_at": .string(hold.deadline.rfc3339),
            "left_ms": .integer(max(0, hold.deadline.microseconds - now.microseconds) / 1000),
            "keyed": .bool(hold.keyed), "recorded_in": .string(hold.place.rawValue),
        ])
    }

    private static func data(_ purchase: UserInspection.Purchase) -> DataValue {
        .fields([
            "unit": .integer(purchase.unit), "user_slot": .integer(purchase.userSlot),
            "item_id": .integer(purchase.itemID), "hold": .string(purchase.holdID.description),
            "ticket": .optional(purchase.ticket.isEmpty ? nil : purchase.ticket),
            "purchased_at": .string(purchase.at.rfc3339), "committed": .bool(purchase.isCommitted),
        ])
    }

    private static func data(_ attempt: UserInspection.Attempt) -> DataValue {
        .fields([
            "at": .string(attempt.at.rfc3339), "epoch": .integer(attempt.step.epoch),
            "seq": .integer(attempt.step.seq), "row": .integer(attempt.step.row),
            "outcome": .optional(attempt.outcome?.name), "item_id": .integer(attempt.itemID),
            "recorded_in": .string(attempt.place.rawValue),
        ])
    }
}
