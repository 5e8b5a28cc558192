import FlashSaleKit

/// What one store knows while the other is away: the fields are those of ``StatusReport``, as far as they are known.
struct HalfStatusReport: Sendable {
    var guards: GuardReport
    /// By the clock of this host: that of Redis may not be there.
    var at: Timestamp
    /// The schedule is in Postgres.
    var sale: Sale?
    var record: SaleRecord?
    /// The counters are in Redis.
    var snapshot: SaleSnapshot?
    /// Why even the half is not whole.
    var trouble: String?
    /// Whether the reader sees block characters.
    var drawsBlocks = false

    /// Which store is away.
    var missing: String {
        switch (guards.reachedRedis, guards.reachedPostgres) {
        case (false, false): "Redis and Postgres do not answer"
        case (false, true): "Redis does not answer: what it counts is not known"
        default: "Postgres does not answer: the schedule and the records are not known"
        }
    }
}

extension HalfStatusReport: Report {
    var data: DataValue {
        .fields([
            "at": .string(at.rfc3339),
            "phase": .null,
            "sale": sale.map(SaleReport.data) ?? .null,
            "redis": snapshot.map(StatusReport.data) ?? .null,
            "postgres": record.map(StatusReport.data) ?? .null,
            "drained": .null,
            "control": .null,
            "pace": .null,
            "forecast": .null,
            "missing": .string(missing),
            "trouble": .optional(trouble),
            "checks": GuardSection.data(guards.checks),
            "journal": .null,
        ])
    }

    var line: String? {
        let reasons = [GuardCheck.Name.redis, .postgres].compactMap { guards[$0] }.filter { $0.level == .critical }
        var parts = ["\(at.rfc3339) \(missing)"] + reasons.map { DisplayWidth.harmless($0.sentence) }
        if let sale { parts.append("sale \(sale.id)") }
        if let snapshot { parts.append(StatusReport.units(snapshot)) }
        if let trouble { parts.append(DisplayWidth.harmless(trouble)) }
        return parts.joined(separator: "; ")
    }

    var sections: [ReportSection] {
        var sections: [ReportSection] = [.paragraph("\(missing).")]
        if let sale { sections.append(.facts(title: nil, SaleReport.facts(sale))) }
        if let snapshot {
            sections += StatusReport.stock(snapshot, drawsBlocks: drawsBlocks)
            sections.append(.facts(title: "Redis", StatusReport.facts(snapshot)))
        }
        if let record { sections.append(.facts(title: "Postgres", StatusReport.facts(record))) }
        if let trouble { sections.append(.paragraph("More could not be read: \(DisplayWidth.harmless(trouble))")) }
        return sections + [GuardSection.summary(guards)]
    }
}
