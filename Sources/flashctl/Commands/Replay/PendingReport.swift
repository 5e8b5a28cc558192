import FlashSaleKit

/// What is stuck on its way to Postgres, or what became of it.
struct PendingReport: Report {
    var result: PendingWork.Result
    /// Whether it was only looked at.
    var isDryRun: Bool

    /// Nil when nothing is stuck any more, and after a survey.
    var failure: CommandFailure? {
        guard !isDryRun, result.isStuck else { return nil }
        let letters = result.letters.count { $0.fate != .repaired }
        let refused = result.drained.reduce(0) { $0 + $1.deadLetters }
        var left: [String] = []
        if letters > 0 { left.append("\(letters) dead letter\(letters == 1 ? "" : "s")") }
        if refused > 0 { left.append("\(refused) row\(refused == 1 ? "" : "s") refused just now") }
        for stream in result.drained { if let trouble = stream.trouble { left.append(trouble) } }
        for (sale, why) in result.shut.sorted(by: { $0.key < $1.key }) { left.append("sale \(sale) is shut: \(why)") }
        return CommandFailure(
            .failure,
            "still stuck: \(DisplayWidth.harmless(left.joined(separator: "; ")))",
            nextStep: "remove what is named, then run this again; `flashctl reconcile --plan` opens a sale that is shut"
        )
    }

    var data: DataValue {
        .fields([
            "dry_run": .bool(isDryRun),
            "ok": .bool(!result.isStuck),
            "waiting": .list(
                result.lags.map { lag in
                    .fields([
                        "sale": .integer(lag.saleID.rawValue), "stream": .string(lag.stream.rawValue),
                        "entries": .integer(lag.entries), "bytes": .integer(lag.bytes),
                        "behind_ms": .integer(Int(lag.seconds * 1000)),
                    ])
                }
            ),
            "drained": .list(
                result.drained.map { drained in
                    .fields([
                        "sale": .integer(drained.saleID.rawValue), "stream": .string(drained.stream.rawValue),
                        "entries": .integer(drained.entries), "rows": .integer(drained.rows),
                        "dead_letters": .integer(drained.deadLetters), "trouble": .optional(drained.trouble),
                    ])
                }
            ),
            "letters": .list(result.letters.map(PendingReport.data)),
            "shut": .list(
                result.shut.sorted { $0.key < $1.key }.map { sale, why in
                    .fields(["sale": .integer(sale.rawValue), "why": .string(why)])
                }
            ),
        ])
    }

    private static func data(_ entry: PendingWork.Letter) -> DataValue {
        let letter = entry.letter
        return .fields([
            "id": .integer(letter.id), "sale": .integer(letter.saleID.rawValue),
            "stream": .string(letter.stream.rawValue), "entry": .string(letter.entryID),
            "idx": .integer(letter.index), "kind": .string(letter.kind), "sqlstate": .string(letter.sqlState),
            "reason": .string(letter.reason), "created_at": .string(letter.createdAt.rfc3339),
            "fate": .string(entry.fate.rawValue), "why": .optional(entry.why),
        ])
    }

    var sections: [ReportSection] {
        var sections: [ReportSection] = []
        if isDryRun {
            if !result.lags.isEmpty { sections.append(.table(title: "journal", lags)) }
        } else if !result.drained.isEmpty {
            sections.append(.table(title: "journal", drained))
        }
        if !result.letters.isEmpty { sections.append(.table(title: "dead letters", letters)) }
        sections.append(.paragraph(verdict))
        return sections
    }

    private var verdict: String {
        let entries = result.lags.reduce(0) { $0 + $1.entries }
        if isDryRun {
            let tried = result.letters.count { $0.fate == .waiting }
            let waits =
                entries == 1
                ? "1 entry of the journal waits" : "\(NumberText.grouped(entries)) entries of the journal wait"
            let letters = NumberText.counted(result.letters.count, "dead letter")
            return "\(waits), and \(letters), of which \(tried) can be tried; nothing was written"
        }
        let rows = result.drained.reduce(0) { $0 + $1.rows }
        let repaired = result.letters.count { $0.fate == .repaired }
        let done = "\(NumberText.counted(rows, "row")) moved, \(NumberText.counted(repaired, "dead letter")) repaired"
        return result.isStuck ? "\(done); something is still stuck" : "\(done); nothing is stuck"
    }

    private var lags: TableLayout {
        TableLayout(
            columns: [
                .init("sale", .right), .init("stream"), .init("entries", .right), .init("bytes", .right),
                .init("behind", .right),
            ],
            rows: result.lags.map { lag in
                [
                    .init(lag.saleID.description), .init(lag.stream.rawValue), .init(NumberText.grouped(lag.entries)),
                    .init(NumberText.grouped(lag.bytes)), .init("\(NumberText.decimal(lag.seconds, digits: 1)) s"),
                ]
            }
        )
    }

    private var drained: TableLayout {
        TableLayout(
            columns: [
                .init("sale", .right), .init("stream"), .init("entries", .right), .init("rows", .right),
                .init("refused", .right), .init("trouble"),
            ],
            rows: result.drained.map { drained in
                [
                    .init(drained.saleID.description), .init(drained.stream.rawValue),
                    .init(NumberText.grouped(drained.entries)), .init(NumberText.grouped(drained.rows)),
                    .init(NumberText.grouped(drained.deadLetters), drained.deadLetters > 0 ? .red : .plain),
                    .init(drained.trouble ?? "-", drained.trouble == nil ? .plain : .red),
                ]
            }
        )
    }

    private var letters: TableLayout {
        TableLayout(
            columns: [
                .init("id", .right), .init("sale", .right), .init("kind"), .init("entry"), .init("row", .right),
                .init("refused because"), .init("now"),
            ],
            rows: result.letters.map { entry in
                let letter = entry.letter
                let style: TextStyle = entry.fate == .repaired ? .green : entry.fate == .waiting ? .plain : .red
                let now = entry.fate.rawValue + (entry.why.map { ": \($0)" } ?? "")
                return [
                    .init("\(letter.id)"), .init(letter.saleID.description), .init(letter.kind),
                    .init(letter.entryID), .init("\(letter.index)"), .init(letter.reason), .init(now, style),
                ]
            }
        )
    }
}
