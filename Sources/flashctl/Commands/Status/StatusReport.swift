import FlashSaleKit

/// The status of a sale at one instant of Redis; Postgres is read just after.
struct StatusReport: Sendable {
    /// How far a stream of the journal has reached Postgres.
    struct Stream: Sendable, Equatable {
        var name: String
        var backlog: SaleStanding.Backlog
        /// Whether every entry is in Postgres.
        var isDrained: Bool { backlog.waitingEntries == 0 }
    }

    var sale: Sale
    var now: Timestamp
    /// Nil when Redis has no keys of the sale.
    var snapshot: SaleSnapshot?
    /// Nil when it was not asked for.
    var record: SaleRecord?
    var streams: [Stream]
    /// What must be true of the stores.
    var guards = GuardReport()
    /// How fast it is decided; nil when the sale does not sell.
    var pace: AttemptPace?
    /// Whether the reader sees block characters.
    var drawsBlocks = false
    /// Whether what does not change is left out, for a report that is looked at all the time.
    var isBrief = false

    /// What the sale is doing, in one word.
    var phase: String {
        if sale.finishedAt != nil { return "finished" }
        guard let snapshot else { return sale.epoch == nil ? "not opened" : "missing in Redis" }
        if snapshot.state == .recovering { return "recovering" }
        if now < sale.terms.opensAt { return "scheduled" }
        if now >= sale.terms.closesAt { return "closed" }
        if hasGap { return "gap" }
        return snapshot.checkoutPaused ? "paused" : "selling"
    }

    /// Whether the ledger was trimmed beyond what Postgres has: then the checkouts are refused.
    private var hasGap: Bool {
        guard let trimmed = snapshot.flatMap({ StreamID($0.trimmedToLedger) }),
            let ledger = streams.first(where: { $0.name == JournalStream.ledger.rawValue })
        else { return false }
        return trimmed > ledger.backlog.cursor
    }

    /// Whether every entry of the journal is in Postgres.
    var isDrained: Bool { streams.allSatisfy(\.isDrained) }

    /// Whether attempts are decided now; paused ones leave no record, but a purchase may still sell a unit.
    var isSelling: Bool { phase == "selling" || phase == "paused" }

    /// How it will end; nil when it does not sell.
    var forecast: SellThrough? {
        guard let snapshot, let pace, isSelling else { return nil }
        return .forecast(
            now: now,
            closesAt: sale.terms.closesAt,
            stock: snapshot.stock,
            sold: snapshot.sold,
            earlier: pace.earlier
        )
    }
}

extension StatusReport: Report {
    var data: DataValue {
        .fields([
            "at": .string(now.rfc3339),
            "phase": .string(phase),
            "sale": SaleReport.data(sale),
            "redis": snapshot.map(StatusReport.data) ?? .null,
            "postgres": record.map(StatusReport.data) ?? .null,
            "drained": .bool(isDrained),
            "control": snapshot.map(controlData) ?? .null,
            "pace": pace.map(StatusReport.data) ?? .null,
            "forecast": forecast.map(StatusReport.data) ?? .null,
            "checks": GuardSection.data(guards.checks),
            "journal": .list(
                streams.map { stream in
                    .fields([
                        "stream": .string(stream.name),
                        "drained_entries": .integer(stream.backlog.drainedEntries),
                        "drained_rows": .integer(stream.backlog.drainedRows),
                        "waiting_entries": .integer(stream.backlog.waitingEntries),
                        "waiting_bytes": .integer(stream.backlog.waitingBytes),
                        "behind_ms": stream.isDrained ? .null : .integer(Int(stream.backlog.seconds * 1000)),
                    ])
                }
            ),
        ])
    }

    static func data(_ snapshot: SaleSnapshot) -> DataValue {
        .fields([
            "epoch": .integer(snapshot.epoch), "state": .optional(snapshot.state?.rawValue),
            "free": .integer(snapshot.free), "held": .integer(snapshot.held), "sold": .integer(snapshot.sold),
            "consistent": .bool(snapshot.isConsistent), "users": .integer(snapshot.activeUsers),
            "banned_users": .integer(snapshot.bannedUsers), "limit": .integer(snapshot.limit),
            "checkout_paused": .bool(snapshot.checkoutPaused), "purchase_paused": .bool(snapshot.purchasePaused),
            "seq": .integer(snapshot.sequence),
        ])
    }

    static func data(_ record: SaleRecord) -> DataValue {
        let outcomes = Outcome.allCases.map { outcome in
            DataValue.Field(name: outcome.name, value: .integer(record.outcomes[outcome] ?? 0))
        }
        return .fields([
            "attempts": .integer(record.attempts), "outcomes": .record(outcomes),
            "purchases": .integer(record.purchases), "expired": .integer(record.expired),
            "released": .integer(record.released), "dead_letters": .integer(record.deadLetters),
        ])
    }

    var sections: [ReportSection] {
        var sections: [ReportSection] = [.facts(title: nil, saleFacts + [("phase", phaseCell)])]
        if let snapshot { sections += StatusReport.stock(snapshot, drawsBlocks: drawsBlocks) }
        let moving = movingFacts
        if !moving.isEmpty { sections.append(.facts(title: nil, moving)) }
        // The bar has said the same, unless something is wrong.
        if let snapshot, !isBrief || !snapshot.isConsistent {
            sections.append(.facts(title: "Redis", StatusReport.facts(snapshot)))
        }
        if let record { sections.append(.facts(title: "Postgres", StatusReport.facts(record))) }
        let rows = streams.map { stream -> [TableLayout.Cell] in
            let backlog = stream.backlog
            let text = stream.isDrained ? "drained" : NumberText.decimal(backlog.seconds, digits: 1) + " s behind"
            return [
                .init(stream.name), .init(NumberText.grouped(backlog.drainedEntries)),
                .init(NumberText.grouped(backlog.drainedRows)), .init(NumberText.grouped(backlog.waitingEntries)),
                .init(text, !stream.isDrained && backlog.seconds > 10 ? .red : .plain),
            ]
        }
        let columns: [TableLayout.Column] = [
            .init("journal"), .init("entries", .right), .init("rows", .right), .init("waiting", .right),
            .init("state"),
        ]
        sections.append(.table(title: nil, TableLayout(columns: columns, rows: rows)))
        if !guards.checks.isEmpty { sections.append(GuardSection.summary(guards)) }
        return sections
    }

    private var saleFacts: [(name: String, value: TableLayout.Cell)] {
        let facts = SaleReport.facts(sale)
        return isBrief ? facts.filter { ["sale", "item", "closes"].contains($0.name) } : facts
    }

    var phaseCell: TableLayout.Cell {
        let left = sale.terms.closesAt.microseconds - now.microseconds
        let until = sale.terms.opensAt.microseconds - now.microseconds
        func duration(_ microseconds: Int64) -> String {
            DurationText.text(milliseconds: microseconds / 1_000_000 * 1000)
        }
        switch phase {
        case "selling", "paused": return .init("\(phase), \(duration(left)) left", phase == "paused" ? .yellow : .green)
        case "scheduled": return .init("scheduled, opens in \(duration(until))")
        case "missing in Redis", "recovering": return .init(phase, .red)
        case "gap":
            return .init("gap in the ledger, checkouts are refused; run \(JournalGap.nextStep(sale.id))", .red)
        default: return .init(phase)
        }
    }

    static func facts(_ snapshot: SaleSnapshot) -> [(name: String, value: TableLayout.Cell)] {
        let sum =
            "\(NumberText.grouped(snapshot.free)) free + \(NumberText.grouped(snapshot.held)) held + "
            + "\(NumberText.grouped(snapshot.sold)) sold = \(NumberText.grouped(snapshot.stock))"
        return [
            ("units", .init(snapshot.isConsistent ? sum : sum + ": DAMAGED", snapshot.isConsistent ? .plain : .red)),
            ("users", .init("\(NumberText.grouped(snapshot.activeUsers)) with units, \(snapshot.bannedUsers) banned")),
            ("epoch", .init("\(snapshot.epoch), step \(NumberText.grouped(snapshot.sequence))")),
        ]
    }

    static func facts(_ record: SaleRecord) -> [(name: String, value: TableLayout.Cell)] {
        let outcomes = Outcome.allCases.map { "\($0.name) \(NumberText.grouped(record.outcomes[$0] ?? 0))" }
        var facts: [(name: String, value: TableLayout.Cell)] = [
            ("attempts", .init("\(NumberText.grouped(record.attempts)): \(outcomes.joined(separator: ", "))")),
            ("purchases", .init(NumberText.grouped(record.purchases))),
            (
                "holds",
                .init("\(NumberText.grouped(record.expired)) expired, \(NumberText.grouped(record.released)) released")
            ),
        ]
        if record.deadLetters > 0 {
            facts.append(("dead letters", .init(NumberText.grouped(record.deadLetters), .red)))
        }
        return facts
    }
}
