/// Whether the rows for a gap are proven: every unit once, and ledger, rows and journal together exactly what Redis
/// has, counter by counter.
struct GapProof: Sendable {
    /// What is wrong, one sentence each; empty when nothing is.
    private(set) var problems: [String] = []

    private let saleID: SaleID
    /// Problems of one kind that are listed.
    private static let most = Invariant.maximumFindings

    /// Where a number was found.
    private struct Claim: Hashable {
        let unit: Int64
        let user: UserID
        let slot: Int64
    }

    init(_ found: GapEvidence, _ rows: [LedgerRow]) {
        saleID = found.saleID
        // Of attempts alone nothing can be proven, and nothing is written.
        guard found.gaps[.ledger] != nil, let contents = found.evidence.contents else { return }
        checkUnits(found, contents)
        compare(found, rows)
    }

    /// Receipts, ledger and journal together are the units 1 to sold, each once, and so are the numbers of each user.
    private mutating func checkUnits(_ found: GapEvidence, _ contents: RedisContents) {
        var claims: [HoldID: Set<Claim>] = [:]
        for (id, sold) in found.recount.fold.sold {
            claims[id, default: []].insert(Claim(unit: sold.unit, user: sold.user, slot: sold.slot))
        }
        for (id, receipt) in contents.receipts {
            claims[id, default: []].insert(Claim(unit: receipt.unit, user: receipt.user, slot: receipt.slot))
        }
        for row in found.evidence.tail?.ledger ?? [] where row.kind == .purchased {
            guard let id = row.holdID else { continue }
            claims[id, default: []].insert(Claim(unit: row.unit, user: row.userID, slot: row.userSlot))
        }
        var wrong: [String] = []
        var units: [Int64: [HoldID]] = [:]
        var slots: [Claim: [HoldID]] = [:]
        for (id, own) in claims.sorted(by: { HoldID.inReportOrder($0.key, $1.key) }) {
            if own.count > 1 {
                let numbers = own.map(\.unit).sorted().map(String.init).joined(separator: " and ")
                wrong.append("hold \(id) of sale \(saleID) is unit \(numbers), by receipt, ledger and journal")
            }
            for claim in own {
                units[claim.unit, default: []].append(id)
                slots[Claim(unit: 0, user: claim.user, slot: claim.slot), default: []].append(id)
            }
        }
        for (unit, ids) in units.sorted(by: { $0.key < $1.key }) where Set(ids).count > 1 {
            wrong.append("unit \(unit) of sale \(saleID) is that of the holds \(GapProof.list(ids))")
        }
        for (claim, ids) in slots.sorted(by: { ($0.key.user, $0.key.slot) < ($1.key.user, $1.key.slot) })
        where Set(ids).count > 1 {
            wrong.append(
                "number \(claim.slot) of user '\(claim.user)' in sale \(saleID) is that of the holds "
                    + GapProof.list(ids)
            )
        }
        let sold = contents.number("sold") ?? 0
        for unit in units.keys.sorted() where unit < 1 || unit > sold {
            wrong.append("unit \(unit) of sale \(saleID) is beyond the \(sold) that Redis counts as sold")
        }
        let missing = sold <= found.recount.stock && sold > 0 ? (1...sold).filter { units[$0] == nil } : []
        for unit in missing {
            wrong.append(
                "unit \(unit) of sale \(saleID) has neither a receipt nor a row of the ledger nor an entry of the "
                    + "journal"
            )
        }
        note(wrong)
    }

    /// Plays ledger, rows and journal, and compares with Redis.
    private mutating func compare(_ found: GapEvidence, _ rows: [LedgerRow]) {
        var recount = found.recount
        for row in rows { recount.fold.apply(row) }
        for stream in JournalStream.allCases {
            guard let lost = found.lost(stream) else { continue }
            recount.notes.take(ReconciledNotes.lost(stream, lost))
        }
        let evidence = found.evidence
        let after = Evidence(
            recount,
            evidence.contents,
            evidence.tail,
            nil,
            [],
            installation: evidence.redisInstallation
        )
        let compared: [Invariant.Kind] = [
            .units, .holds, .deadlines, .users, .receipts, .numbering, .balance, .controls, .terms, .installation,
        ]
        for invariant in Comparison(after).invariants() where compared.contains(invariant.kind) {
            note(invariant.findings.map { $0.sentence.prefixBeforeNextStep })
        }
    }

    private mutating func note(_ wrong: [String]) {
        let new = wrong.filter { !problems.contains($0) }
        problems += new.prefix(GapProof.most)
        if new.count > GapProof.most { problems.append("\(new.count - GapProof.most) more of that kind") }
    }

    private static func list(_ ids: [HoldID]) -> String {
        Set(ids).sorted(by: HoldID.inReportOrder).map(\.description).joined(separator: " and ")
    }
}
