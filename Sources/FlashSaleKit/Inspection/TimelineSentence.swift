/// The words of a timeline.
enum TimelineSentence {
    /// Why a checkout was decided as it was.
    static func attempt(
        _ outcome: Outcome?,
        _ units: UnitCounts?,
        _ user: TimelineLine.UserUnits?,
        ban: (reason: String, who: String)?
    ) -> String {
        let sale = units.map { ", free \($0.free), held \($0.held), sold \($0.sold)" } ?? ""
        let had = user.map { "the user held \($0.held) and had bought \($0.bought) of at most \($0.limit)" }
        switch outcome {
        case .held: return "held: a unit was free" + sale + (had.map { "; \($0)" } ?? "")
        case .soldOut: return "refused: sold out" + sale
        case .userLimit: return "refused: user limit" + (had.map { ", \($0)" } ?? "") + sale
        case .banned:
            guard let ban else { return "refused: banned" }
            return "refused: banned, \(reason(ban.reason, ban.who))"
        case nil: return "its outcome is unknown to this version"
        }
    }

    /// What a row of the ledger says happened, and why.
    static func ledger(
        _ row: LedgerRow,
        beginning: LedgerRow?,
        places: [RecordPlace]
    ) -> (what: String, why: String) {
        let hold = row.holdID.map { "hold \($0)" } ?? "a hold"
        let after = beginning.map { " after \(duration(from: $0.at, to: row.at))" } ?? ""
        let parts = row.parts
        func part(_ index: Int) -> String { index < parts.count ? parts[index] : "" }
        switch row.kind {
        case .held:
            let until = row.deadline.map { "until \($0.rfc3339)" } ?? "without an end"
            return ("\(hold) begins", until + (row.detail == "1" ? "; an Idempotency-Key chose its code" : ""))
        case .purchased:
            let ticket = parts.first.map { $0.isEmpty ? "" : ", lottery ticket \($0)" } ?? ""
            var why = "number \(row.userSlot) of the user\(ticket), bought\(after)"
            if places == [.journal] { why += "; on its way to Postgres" }
            if places == [.ledger] { why += "; the table of purchases does not have it" }
            return ("\(hold) becomes unit \(row.unit)", why)
        case .expired:
            let due = beginning?.deadline.map { ", it lasted until \($0.rfc3339)" } ?? ""
            return ("\(hold) lapses", "nobody paid in time\(due): unit and quota are free again")
        case .released: return ("\(hold) is given back", "by its buyer\(after): unit and quota are free again")
        case .ban: return ("the user is banned", reason(part(0), part(1)))
        case .unban: return ("the user is no longer banned", reason(part(0), part(1)))
        case .control: return (control(part(0), part(1)), reason(part(3), part(2)))
        case .opened: return ("the sale is opened in Redis", "stock \(part(0))")
        case .rebuilt:
            return (
                "Redis is rebuilt from the ledger", "free \(part(1)), held \(part(2)), sold \(part(3)) of \(part(0))"
            )
        }
    }

    /// What an operator changed.
    private static func control(_ field: String, _ value: String) -> String {
        switch (field, value) {
        case ("checkout_paused", "1"): "checkouts are paused"
        case ("checkout_paused", _): "checkouts are resumed"
        case ("purchase_paused", "1"): "purchases are paused"
        case ("purchase_paused", _): "purchases are resumed"
        case ("limit", _): "the limit per user becomes \(value)"
        case ("state", "finished"): "the sale is finished"
        default: "\(field) becomes \(value)"
        }
    }

    private static func reason(_ reason: String, _ who: String) -> String {
        switch (reason.isEmpty, who.isEmpty) {
        case (true, true): "no reason is on record"
        case (true, false): "by \(who)"
        case (false, true): "'\(reason)'"
        case (false, false): "'\(reason)' by \(who)"
        }
    }

    /// A recovery, what an operator did, or a reconciliation.
    static func note(_ note: SubjectRecords.Note) -> TimelineLine {
        var line: TimelineLine
        switch note.kind {
        case .recovery:
            let what =
                switch note.what {
                case "adopted": "the sale goes on with the data that Redis had"
                case "rebuilt": "the sale is rebuilt from its ledger"
                default: "the sale is shut"
                }
            line = TimelineLine(.recovery, note.at, [.recoveries], what, why: note.why)
        case .action:
            line = TimelineLine(.action, note.at, [.controlLog], note.what, why: reason(note.why, note.who))
        case .reconciled:
            let what = "records are repaired, \(note.what)"
            line = TimelineLine(.reconciled, note.at, [.ledger], what, why: reason(note.why, note.who))
        }
        line.step = note.step.map(TimelineLine.Step.init)
        return line
    }

    /// A row that Postgres refused.
    static func letter(_ letter: SubjectRecords.Letter) -> TimelineLine {
        let end = letter.repairedAt.map { "repaired \($0.rfc3339)" } ?? "it waits for repair"
        return TimelineLine(
            .deadLetter,
            letter.at,
            [.deadLetters],
            "Postgres refuses a row (\(letter.kind))",
            why: "\(letter.reason); dead letter \(letter.number), \(end)"
        )
    }

    /// E.g. `34.2 s`, `4m5s`.
    static func duration(from start: Timestamp, to end: Timestamp) -> String {
        let tenths = max(0, end.microseconds - start.microseconds) / 100_000
        return tenths < 600
            ? "\(tenths / 10).\(tenths % 10) s" : DurationText.text(milliseconds: tenths / 10 * 1000)
    }
}
