import Testing

@testable import FlashSaleKit

/// The fold of the recount, line by line.
@Suite struct LedgerFoldTests {
    private let hold = HoldID(high: 1, low: 2)

    private func row(
        _ kind: LedgerRow.Kind,
        seq: Int64 = 1,
        hold: HoldID? = nil,
        user: UserID = "anna",
        item: Int64 = 7,
        unit: Int64 = 0,
        slot: Int64 = 0,
        deadline: Int64? = nil,
        detail: String? = nil
    ) -> LedgerRow {
        LedgerRow(
            entryID: .zero,
            epoch: 3,
            seq: seq,
            index: 0,
            at: Timestamp(microseconds: 1000 + seq),
            kind: kind,
            holdID: hold ?? (user.isEmpty ? nil : self.hold),
            userID: user,
            itemID: item,
            unit: unit,
            userSlot: slot,
            deadline: deadline.map(Timestamp.init(microseconds:)),
            detail: detail,
            line: []
        )
    }

    private func fold(_ rows: LedgerRow...) -> LedgerFold {
        var fold = LedgerFold()
        for row in rows { fold.apply(row) }
        return fold
    }

    @Test func aHoldIsOpenUntilItEnds() {
        let open = fold(row(.held, deadline: 99, detail: "0"))
        #expect(open.open[hold]?.user == "anna")
        #expect(open.open[hold]?.deadline == 99)
        #expect(open.open[hold]?.keyed == false)
        #expect(open.open[hold]?.epoch == 3)
        #expect(open.begun == 1)
        for kind in [LedgerRow.Kind.expired, .released] {
            let ended = fold(row(.held, deadline: 99, detail: "0"), row(kind, seq: 2))
            #expect(ended.open.isEmpty)
            #expect(ended.remembered.isEmpty)
            #expect(ended.contradictions.isEmpty)
            #expect((ended.lapsed, ended.released) == (kind == .expired ? (1, 0) : (0, 1)))
        }
    }

    @Test func whatAnIdempotencyKeyGotIsRemembered() {
        let ended = fold(row(.held, deadline: 99, detail: "1"), row(.expired, seq: 2))
        #expect(ended.remembered[hold]?.user == "anna")
        let bought = fold(row(.held, deadline: 99, detail: "1"), row(.purchased, seq: 2, unit: 1, slot: 1))
        #expect(bought.remembered.isEmpty)
    }

    @Test func aPurchaseKeepsTheDeadlineOfItsHold() {
        let bought = fold(row(.held, deadline: 99), row(.purchased, seq: 2, unit: 4, slot: 2, detail: "golden"))
        let sold = bought.sold[hold]
        #expect(sold?.unit == 4)
        #expect(sold?.slot == 2)
        #expect(sold?.ticket == "golden")
        #expect(sold?.deadline == 99)
        #expect(sold?.holdEpoch == 3)
        #expect(sold?.time == 1002)
        #expect(bought.open.isEmpty)
        #expect(bought.highestSeq == 2)
        #expect(bought.latest == 1002)
    }

    @Test func unitsAreCountedByUser() {
        let other = HoldID(high: 5, low: 5)
        let fold = fold(
            row(.held, deadline: 9),
            row(.held, seq: 2, hold: other, user: "bob", deadline: 9),
            row(.purchased, seq: 3, hold: other, user: "bob", unit: 1, slot: 1)
        )
        let (all, bought) = fold.unitsByUser()
        #expect(all == ["anna": 1, "bob": 1])
        #expect(bought == ["bob": 1])
    }

    @Test func contradictionsAreNamed() {
        #expect(fold(row(.purchased, unit: 1, slot: 1)).contradictions.first?.sentence.contains("is not open") == true)
        #expect(fold(row(.expired)).contradictions.first?.hold == hold)
        let twice = fold(row(.held, deadline: 9), row(.held, seq: 2, deadline: 9))
        #expect(twice.contradictions.first?.sentence.contains("begins again at step 2") == true)
        let stolen = fold(row(.held, deadline: 9), row(.released, seq: 2, user: "thief"))
        #expect(stolen.contradictions.first?.sentence.contains("'anna' is released by 'thief'") == true)
    }

    @Test func bansAndControlsHaveTheirLastValue() {
        let none = fold(row(.ban, user: "eve", detail: "bot\tops"), row(.unban, seq: 2, user: "eve", detail: "\tops"))
        #expect(none.bans.isEmpty)
        #expect(fold(row(.ban, user: "eve", detail: "bot\tops")).bans == ["eve": "bot"])
        #expect(fold(row(.ban, user: "eve", detail: "\tops")).bans == ["eve": ""])
        let controls = fold(
            row(.control, user: "", detail: "limit\t5\tops\twhy"),
            row(.control, seq: 2, user: "", detail: "limit\t3\tops\twhy"),
            row(.control, seq: 3, user: "", detail: "nonsense")
        ).controls
        #expect(controls == ["limit": "3"])
    }

    @Test func notesOfReconciliationsAddUp() {
        var notes = ReconciledNotes()
        for text in [
            "abc\tops\twhy", ReconciledNotes.gap(5...7), ReconciledNotes.rows(.ledger, -2),
            ReconciledNotes.rows(.ledger, -1), ReconciledNotes.entries(.attempts, -4), "gap\t9\t8", "gap\tx\t8",
            "rows\tx\t1",
        ] { notes.take(text) }
        #expect(notes.gaps == [5...7])
        #expect(notes.rows == [.ledger: -3])
        #expect(notes.entries == [.attempts: -4])
    }

    @Test func stepsAreWrittenAsRanges() {
        #expect(Comparison.ranges([]) == [])
        #expect(Comparison.ranges([4, 2, 3, 9]) == [2...4, 9...9])
    }
}
