import FlashSaleKit

/// What the replay of a sale's records has shown, for people who have to sign it and for programs.
struct ReplayAuditReport: Report {
    var audit: ReplayAudit

    var failure: CommandFailure? {
        let repair =
            "`flashctl replay-attempts --pending` repairs dead letters; `flashctl verify --sale "
            + "\(audit.sale.id)` compares the stores"
        if let divergence = audit.divergence {
            return CommandFailure(
                .invariantViolated,
                "the records of sale \(audit.sale.id) do not follow from its rules: the first divergence is in "
                    + DisplayWidth.harmless(divergence.sentence),
                nextStep: audit.deadLetters > 0 ? repair : "compare with a backup; \(repair)"
            )
        }
        guard audit.deadLetters > 0 else { return nil }
        return CommandFailure(
            .invariantViolated,
            "\(audit.deadLetters) records of sale \(audit.sale.id) are in dead_letter: the others follow from the "
                + "rules, but are not all",
            nextStep: repair
        )
    }

    var data: DataValue {
        .fields([
            "sale": SaleReport.data(audit.sale),
            "at": .string(audit.at.rfc3339),
            "ok": .bool(audit.isClean),
            "divergence": audit.divergence.map(ReplayAuditReport.data) ?? .null,
            "epoch": .integer(audit.last.epoch),
            "seq": .integer(audit.last.seq),
            "totals": ReplayAuditReport.data(audit.totals),
            "waiting": ReplayAuditReport.data(audit.waiting),
            "free": .integer(audit.free),
            "held": .integer(audit.held),
            "sold": .integer(audit.sold),
            "purchases": .integer(audit.purchases),
            "dead_letters": .integer(audit.deadLetters),
            "rebuilds": .integer(audit.rebuilds),
        ])
    }

    var sections: [ReportSection] {
        var sections: [ReportSection] = [
            .facts(title: nil, SaleReport.facts(audit.sale)),
            .table(title: "records", records),
            .facts(title: "units", units),
        ]
        let notes = self.notes
        if !notes.isEmpty { sections.append(.paragraph(notes.joined(separator: "\n"))) }
        sections.append(.paragraph(verdict))
        return sections
    }

    private var verdict: String {
        let attempts = NumberText.counted(audit.totals.attempts, "attempt")
        let rows = NumberText.counted(audit.totals.kinds.values.reduce(0, +), "row")
        if let divergence = audit.divergence {
            return "first divergence: \(DisplayWidth.harmless(divergence.sentence))"
        }
        let end =
            "\(attempts) and \(rows) of the ledger, up to step \(audit.last.seq) of epoch "
            + "\(audit.last.epoch)"
        if audit.deadLetters > 0 { return "incomplete: \(end) follow from the rules, but some are in dead_letter" }
        return "no divergence: \(end), follow from the rules of the sale, each from those before it"
    }

    private var records: TableLayout {
        let totals = audit.totals
        let kinds = [
            "held", "expired", "released", "purchased", "control", "ban", "unban", "opened", "rebuilt",
            "reconciled",
        ]
        let attempts = Outcome.allCases.map { ("attempts", $0.name, totals.outcomes[$0, default: 0]) }
        let ledger = kinds.map { ("ledger", $0, totals.kinds[$0, default: 0]) }
        let rows = attempts + ledger.filter { $0.2 > 0 || kinds.prefix(4).contains($0.1) }
        return TableLayout(
            columns: [.init("table"), .init("kind"), .init("rows", .right)],
            rows: rows.map { [.init($0.0), .init($0.1), .init(NumberText.grouped($0.2))] }
        )
    }

    private var units: [(name: String, value: TableLayout.Cell)] {
        [
            ("free", .init(NumberText.grouped(audit.free))),
            ("held", .init(NumberText.grouped(audit.held))),
            ("sold", .init(NumberText.grouped(audit.sold))),
            ("purchases", .init("\(NumberText.counted(audit.purchases, "row")) of the table")),
        ]
    }

    private var notes: [String] {
        var notes: [String] = []
        func note(_ count: Int, _ text: String) {
            if count > 0 { notes.append("\(NumberText.grouped(count)) \(text)") }
        }
        let waiting = audit.waiting
        note(
            waiting.attempts + waiting.kinds.values.reduce(0, +),
            "later records wait for the other half of the journal"
        )
        note(audit.rebuilds, "rebuilds from the ledger, after Redis had lost data")
        note(audit.totals.lostSteps, "steps were lost with Redis, as the table recoveries says, or noted as lost")
        note(
            audit.totals.unjudged,
            "attempts were counted but not judged: what they depended on is lost or was reconciled"
        )
        note(audit.totals.holdsWithoutAttempt, "holds whose attempt was lost with Redis")
        note(audit.deadLetters, "records are in dead_letter")
        return notes
    }

    private static func data(_ totals: ReplayTotals) -> DataValue {
        func count(_ kind: String) -> DataValue { .integer(totals.kinds[kind, default: 0]) }
        func outcome(_ outcome: Outcome) -> DataValue { .integer(totals.outcomes[outcome, default: 0]) }
        return .fields([
            "attempts": .integer(totals.attempts),
            "outcomes": .fields([
                "held": outcome(.held), "sold_out": outcome(.soldOut), "user_limit": outcome(.userLimit),
                "banned": outcome(.banned), "unknown": .integer(totals.unknownOutcomes),
            ]),
            "holds": count("held"),
            "expired": count("expired"),
            "released": count("released"),
            "purchased": count("purchased"),
            "controls": count("control"),
            "bans": count("ban"),
            "unbans": count("unban"),
            "reconciled": count("reconciled"),
            "steps": .integer(totals.steps),
            "lost_steps": .integer(totals.lostSteps),
            "unjudged": .integer(totals.unjudged),
            "holds_without_attempt": .integer(totals.holdsWithoutAttempt),
        ])
    }

    private static func data(_ divergence: ReplayDivergence) -> DataValue {
        func number(_ value: Int64?) -> DataValue { value.map { .integer($0) } ?? .null }
        return .fields([
            "sale": .integer(divergence.sale.rawValue),
            "table": .string(divergence.table.rawValue),
            "epoch": number(divergence.place?.epoch),
            "seq": number(divergence.place?.seq),
            "idx": number(divergence.place?.index),
            "user": .user(divergence.user),
            "hold": .optional(divergence.holdID?.description),
            "recorded": .string(divergence.recorded),
            "expected": .string(divergence.expected),
            "why": .string(divergence.why),
            "free": .integer(divergence.free),
            "held": .integer(divergence.held),
            "sold": .integer(divergence.sold),
            "units_of_user": number(divergence.unitsOfUser.map { Int64($0) }),
        ])
    }
}
