import FlashSaleKit

/// What happened to a subject, in one sale or several: one element for each sale that knows it.
struct ExplainReport: Report, Sendable {
    var subject: Subject
    /// Which store is away.
    var missing: String?
    var trouble: [String] = []
    /// The sales that were looked into.
    var sales: [SaleID] = []
    var explanations: [Explanation] = []
    /// Users on record with nearly the name that was asked for, when there is none with it.
    var near: [UserID] = []
    /// Something to say besides.
    var note: String?

    /// How the command ends when the stores disagree, or nothing is known.
    var failure: CommandFailure? {
        if let failure = AgreementSection.failure(explanations.map { ($0.saleID, $0.agreement) }) { return failure }
        guard explanations.isEmpty, missing == nil else { return nil }
        let place = sales.count == 1 ? "sale \(sales[0]) knows no" : "none of \(sales.count) sales knows the"
        let name = subject.shown
        let step =
            switch subject {
            case .hold: "compare it with what the buyer got; add --sale all to look into every sale"
            case .unit: "fewer units are sold, or it is of another sale: name that with --sale"
            case .user:
                "check the spelling, it matters to the byte; add --sale all to look into every sale"
                    + NearUsers.clause(near)
            }
        return CommandFailure(.failure, "\(place) \(subject.kind.rawValue) '\(name)'", nextStep: step)
    }

    var data: DataValue { .list(explanations.map(data)) }

    private func data(_ explanation: Explanation) -> DataValue {
        .fields([
            "kind": .string(subject.kind.rawValue),
            "subject": .string(subject.text),
            "sale": .integer(explanation.saleID.rawValue),
            "at": .string(explanation.at.rfc3339),
            "missing": .optional(missing),
            "user": .user(explanation.user),
            "hold": .optional(explanation.holdID?.description),
            "left_out": .integer(explanation.leftOut),
            "timeline": .list(explanation.lines.map(ExplainReport.data)),
            "standing": explanation.standing.map(ExplainReport.data) ?? .null,
            "missing_counts": .optional(explanation.missingCounts),
            "agrees": AgreementSection.data(explanation.agreement),
            "not_compared": .optional(explanation.agreement.reason),
            "differences": .list(explanation.agreement.differences.map { .string($0) }),
        ])
    }

    private static func data(_ line: TimelineLine) -> DataValue {
        func number(_ value: Int64?) -> DataValue { value.map { .integer($0) } ?? .null }
        return .fields([
            "at": .string(line.at.rfc3339),
            "epoch": number(line.step?.epoch), "seq": number(line.step?.seq), "row": number(line.step?.row),
            "kind": .string(line.kind.rawValue),
            "what": .string(line.what),
            "why": .string(line.why),
            "recorded_in": .list(line.places.map { .string($0.rawValue) }),
            "user": .user(line.user),
            "hold": .optional(line.holdID?.description),
            "item_id": number(line.itemID),
            "unit": number(line.unit),
            "outcome": .optional(line.outcome?.name),
            "free": number(line.units?.free), "held": number(line.units?.held), "sold": number(line.units?.sold),
            "user_held": number(line.userUnits?.held), "user_bought": number(line.userUnits?.bought),
            "user_limit": number(line.userUnits?.limit),
        ])
    }

    private static func data(_ standing: HoldStanding) -> DataValue {
        .fields([
            "redis": .string(standing.redis.word),
            "postgres": .string(standing.postgres.word),
            "api_status": .integer(standing.answer.status),
            "api_answer": .string(standing.answer.word),
            "api_why": .string(standing.answer.why),
        ])
    }

    var sections: [ReportSection] {
        var sections: [ReportSection] = []
        if let missing { sections.append(.paragraph("\(missing).")) }
        for explanation in explanations { sections += self.sections(explanation) }
        return sections
    }

    private func sections(_ explanation: Explanation) -> [ReportSection] {
        let item = explanation.sale.map { ", \($0.terms.itemName)" } ?? ""
        var facts: [(name: String, value: TableLayout.Cell)] = [
            (subject.kind.rawValue, .init(subject.shown, .bold)), ("sale", .init("\(explanation.saleID)\(item)")),
        ]
        if subject.kind != .hold, let hold = explanation.holdID { facts.append(("hold", .init("\(hold)"))) }
        if subject.kind != .user, let user = explanation.user { facts.append(("user", .init(user.description))) }
        facts.append(("at", .init(explanation.at.rfc3339)))
        if let standing = explanation.standing {
            let answer = "\(standing.answer.status) \(standing.answer.word): \(standing.answer.why)"
            facts.append(("in Redis", .init(standing.redis.word)))
            facts.append(("in Postgres", .init(standing.postgres.word)))
            facts.append(("API answer", .init(answer, standing.answer.status == 200 ? .green : .yellow)))
        }
        facts += AgreementSection.facts(explanation.agreement, isOver: explanation.sale?.finishedAt != nil)
        var notes: [String] = []
        if explanation.leftOut > 0 {
            let count = NumberText.grouped(explanation.leftOut)
            notes.append("\(count) earlier line\(explanation.leftOut == 1 ? " is" : "s are") left out (--limit).")
        }
        if let why = explanation.missingCounts { notes.append("Units free, held and sold are left out: \(why).") }
        let lines = notes + explanation.lines.map(ExplainReport.text)
        return [.facts(title: nil, facts), .paragraph(lines.joined(separator: "\n"))]
            + AgreementSection.sections(explanation.agreement)
    }

    /// One line, not cut: what is cut off is what one was looking for.
    private static func text(_ line: TimelineLine) -> String {
        let step = line.step.map { "step \($0.seq)" } ?? ""
        let places = line.places.map(\.name).joined(separator: ", ")
        let text = "\(line.what): \(line.why)"
        let head = "\(line.at.rfc3339)  \(step.padded(to: 12))"
        return "\(head)  \(DisplayWidth.harmless(text))  [\(places)]"
    }
}

extension String {
    /// With spaces behind it up to this many characters.
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}

extension HoldStanding.InRedis {
    /// One word for programs and people.
    var word: String {
        switch self {
        case .open: "open"
        case .due: "due"
        case .tombstone: "tombstone"
        case .receipt: "receipt"
        case .none: "none"
        case .notAsked: "not asked"
        }
    }
}

extension HoldStanding.InPostgres {
    /// One word for programs and people.
    var word: String {
        switch self {
        case .held: "held"
        case .purchased: "purchased"
        case .pending: "pending"
        case .expired: "expired"
        case .released: "released"
        case .none: "none"
        case .notAsked: "not asked"
        }
    }
}
