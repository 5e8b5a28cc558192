import FlashSaleKit

/// The same for people.
extension InspectUserReport {
    var sections: [ReportSection] {
        var sections: [ReportSection] = []
        if let missing { sections.append(.paragraph("\(missing).")) }
        for inspection in inspections { sections += InspectUserReport.sections(inspection) }
        return sections
    }

    private static func sections(_ user: UserInspection) -> [ReportSection] {
        var sections: [ReportSection] = [.facts(title: nil, facts(user))]
        if !user.holds.isEmpty { sections.append(.table(title: "Holds", holds(user))) }
        if !user.purchases.isEmpty {
            let title = user.purchases.allSatisfy(\.isCommitted) ? "Purchases, all committed" : "Purchases"
            sections.append(.table(title: title, purchases(user)))
        }
        if !user.attempts.isEmpty { sections.append(.table(title: "Last attempts", attempts(user))) }
        return sections + AgreementSection.sections(user.agreement)
    }

    private static func units(_ user: UserInspection) -> String {
        "\(user.held) held + \(user.sold) bought of at most \(user.limit)"
    }

    /// What changes, for a log. Nil when nothing is known: why not is said elsewhere.
    var line: String? {
        guard let at = inspections.first?.at else {
            return missing.map { "user \(user): \($0)" }
        }
        var parts = ["\(at.rfc3339) user \(user)"]
        if let missing { parts.append(missing) }
        for inspection in inspections {
            let attempts = inspection.outcomes.values.reduce(0, +)
            let isOver = inspection.sale?.finishedAt != nil
            let stores = AgreementSection.facts(inspection.agreement, isOver: isOver).map(\.value.text)
            parts.append("sale \(inspection.saleID): \(InspectUserReport.units(inspection))")
            parts.append("quota left \(inspection.quotaLeft)")
            if inspection.ban != nil { parts.append("banned") }
            parts.append("\(NumberText.counted(attempts, "attempt")) recorded")
            parts += stores
        }
        return parts.joined(separator: "; ")
    }

    private static func facts(_ user: UserInspection) -> [(name: String, value: TableLayout.Cell)] {
        let outcomes = Outcome.allCases.map { "\($0.name) \(NumberText.grouped(user.outcomes[$0] ?? 0))" }
        let total = NumberText.grouped(user.outcomes.values.reduce(0, +))
        var facts: [(name: String, value: TableLayout.Cell)] = [
            ("user", .init(user.user.description, .bold)),
            ("sale", .init(user.saleID.description + (user.sale.map { ", \($0.terms.itemName)" } ?? ""))),
            ("at", .init(user.at.rfc3339)),
            ("units", .init(units(user))),
            ("quota left", .init("\(user.quotaLeft)", user.quotaLeft == 0 ? .yellow : .plain)),
            ("banned", ban(user.ban)),
            ("ended holds", .init("\(user.expired) expired, \(user.released) released")),
            ("attempts", .init("\(total): \(outcomes.joined(separator: ", "))")),
        ]
        if let units = user.redisUnits {
            let bought = user.redisBought ?? 0
            facts.append(("Redis counts", .init("\(units - bought) held + \(bought) bought")))
        }
        return facts + AgreementSection.facts(user.agreement, isOver: user.sale?.finishedAt != nil)
    }

    private static func ban(_ ban: UserInspection.Ban?) -> TableLayout.Cell {
        guard let ban else { return .init("no") }
        let who = ban.who.map { " by \($0)" } ?? ""
        let since = ban.at.map { " since \($0.rfc3339)" } ?? ""
        return .init("yes, '\(ban.reason)'\(who)\(since)", .red)
    }

    private static func holds(_ user: UserInspection) -> TableLayout {
        let rows = user.holds.map { hold -> [TableLayout.Cell] in
            let left = (hold.deadline.microseconds - user.at.microseconds) / 1_000_000
            return [
                .init(hold.id.description), .init("\(hold.itemID)"),
                left > 0 ? .init(DurationText.text(milliseconds: left * 1000)) : .init("over", .yellow),
                .init(hold.deadline.rfc3339), .init(hold.place.shortName),
            ]
        }
        return TableLayout(
            columns: [
                .init("hold", isWhole: true), .init("item", .right, isWhole: true),
                .init("left", .right, isWhole: true), .init("until", isWhole: true), .init("in"),
            ],
            rows: rows
        )
    }

    private static func purchases(_ user: UserInspection) -> TableLayout {
        // Columns in which all would be the same leave room for ids and times.
        let hasTickets = user.purchases.contains { !$0.ticket.isEmpty }
        let hasPending = user.purchases.contains { !$0.isCommitted }
        let rows = user.purchases.map { purchase -> [TableLayout.Cell] in
            var row: [TableLayout.Cell] = [
                .init("\(purchase.unit)", .bold), .init("\(purchase.userSlot)"), .init("\(purchase.itemID)"),
                .init(purchase.at.rfc3339), .init(purchase.holdID.description),
            ]
            if hasTickets { row.append(.init(purchase.ticket.isEmpty ? "-" : purchase.ticket)) }
            if hasPending { row.append(purchase.isCommitted ? "committed" : .init("on its way", .yellow)) }
            return row
        }
        var columns: [TableLayout.Column] = [
            .init("unit", .right, isWhole: true), .init("number", .right, isWhole: true),
            .init("item", .right, isWhole: true), .init("bought", isWhole: true), .init("hold", isWhole: true),
        ]
        if hasTickets { columns.append(.init("ticket", isWhole: true)) }
        if hasPending { columns.append(.init("receipt", isWhole: true)) }
        return TableLayout(columns: columns, rows: rows)
    }

    private static func attempts(_ user: UserInspection) -> TableLayout {
        let rows = user.attempts.map { attempt -> [TableLayout.Cell] in
            [
                .init(attempt.at.rfc3339), .init(attempt.outcome?.name ?? "?", style(attempt.outcome)),
                .init("\(attempt.itemID)"), .init("\(attempt.step.seq)"), .init(attempt.place.name),
            ]
        }
        return TableLayout(
            columns: [
                .init("at", isWhole: true), .init("outcome", isWhole: true), .init("item", .right, isWhole: true),
                .init("step", .right, isWhole: true), .init("recorded in"),
            ],
            rows: rows
        )
    }

    private static func style(_ outcome: Outcome?) -> TextStyle {
        switch outcome {
        case .held: .green
        case .banned: .red
        case .soldOut, .userLimit: .yellow
        case nil: .plain
        }
    }
}
