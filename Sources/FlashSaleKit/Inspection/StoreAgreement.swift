/// Whether Redis and Postgres say the same about a user or a hold.
public enum StoreAgreement: Sendable, Equatable {
    /// They do, with what the journal has between them.
    case agrees
    /// They do not: one sentence for each difference.
    case differs([String])
    /// They could not be compared: why.
    case unknown(String)

    /// Nil when it is not known.
    public var agrees: Bool? {
        switch self {
        case .agrees: true
        case .differs: false
        case .unknown: nil
        }
    }

    /// The differences.
    public var differences: [String] { if case .differs(let sentences) = self { sentences } else { [] } }
}

extension SubjectEvidence {
    /// Compares by the conditions of `verify`, for this subject alone.
    var agreement: StoreAgreement {
        guard let records, let evidence else { return .unknown("Postgres does not answer") }
        var findings = purchaseDifferences(records)
        let comparison = Comparison(evidence)
        findings += comparison.fold.contradictions.map(\.sentence)
        guard !records.isCut else { return .unknown("there are more records of it than are compared") }
        if !records.recount.isFinished, records.recount.isOpened {
            if let trouble { return findings.isEmpty ? .unknown(trouble) : .differs(findings) }
            guard let contents else {
                return findings.isEmpty ? .unknown("Redis does not answer") : .differs(findings)
            }
            var invariants = [
                comparison.holds(contents), comparison.deadlines(contents), comparison.receipts(contents),
            ]
            if subject.user != nil {
                invariants += [comparison.users(contents), bans(comparison, contents)]
            }
            findings += invariants.flatMap(\.findings).map { $0.sentence.beforeNextStep }
            findings += contents.unreadable.map { "\($0) in Redis is unreadable" }
        }
        return findings.isEmpty ? .agrees : .differs(findings)
    }

    /// Only the bans: pauses and the limit are those of the sale.
    private func bans(_ comparison: Comparison, _ contents: RedisContents) -> Invariant {
        var invariant = Invariant(.controls, saleID)
        for finding in comparison.controls(contents).findings where finding.user != nil {
            invariant.violate(finding.sentence.beforeNextStep, user: finding.user)
        }
        return invariant
    }

    /// The table of purchases must have what the ledger has, as far as it is drained.
    private func purchaseDifferences(_ records: SubjectRecords) -> [String] {
        let sold = records.ledger.filter { $0.kind == .purchased }
        var differences: [String] = []
        for row in sold {
            guard let id = row.holdID else { continue }
            let what = "unit \(row.unit) of sale \(saleID), hold \(id) of user '\(row.userID)',"
            guard let receipt = records.receipts[id] else {
                let letter = records.letters.first { $0.isAbout(id) && $0.kind == "purchased" && $0.repairedAt == nil }
                let place = letter.map { ": it is dead letter \($0.number)" } ?? ""
                differences.append("\(what) is bought in the ledger but not in purchases\(place)")
                continue
            }
            let wanted = SubjectRecords.Receipt(
                unit: row.unit,
                slot: row.userSlot,
                user: row.userID,
                item: row.itemID,
                ticket: row.detail ?? "",
                at: row.at
            )
            if receipt != wanted { differences.append("\(what) is another one in purchases than in the ledger") }
        }
        let known = Set(sold.compactMap(\.holdID))
        for (id, receipt) in records.receipts where !known.contains(id) {
            differences.append(
                "unit \(receipt.unit) of sale \(saleID), hold \(id), is in purchases but not in the ledger"
            )
        }
        return differences.sorted()
    }
}

extension SubjectRecords.Letter {
    /// Whether its line names this hold.
    func isAbout(_ hold: HoldID) -> Bool { payload.contains(hold.hex) }

    /// Whether a field of its line is this user.
    func isAbout(_ user: UserID) -> Bool {
        payload.split(whereSeparator: { $0 == 9 || $0 == 10 }).contains { $0.elementsEqual(user.utf8) }
    }
}

extension String {
    /// The sentence of a finding without what to do next.
    fileprivate var beforeNextStep: String {
        guard let range = firstRange(of: "; next step: ") else { return self }
        return String(self[..<range.lowerBound])
    }
}
