import Testing

@testable import FlashSaleKit

/// The words of a timeline.
@Suite struct TimelineSentenceTests {
    private let units = UnitCounts(free: 0, held: 812, sold: 9188)
    private let user = TimelineLine.UserUnits(held: 3, bought: 7, limit: 10)

    @Test("Each outcome says why, with the units in front of it")
    func outcomes() {
        let held = UnitCounts(free: 12, held: 800, sold: 9188)
        #expect(
            TimelineSentence.attempt(.held, held, user, ban: nil)
                == "held: a unit was free, free 12, held 800, sold 9188; "
                + "the user held 3 and had bought 7 of at most 10"
        )
        #expect(
            TimelineSentence.attempt(.soldOut, units, user, ban: nil)
                == "refused: sold out, free 0, held 812, sold 9188"
        )
        #expect(
            TimelineSentence.attempt(.userLimit, nil, user, ban: nil)
                == "refused: user limit, the user held 3 and had bought 7 of at most 10"
        )
        #expect(
            TimelineSentence.attempt(.banned, units, user, ban: ("fraud", "ops"))
                == "refused: banned, 'fraud' by ops"
        )
        #expect(TimelineSentence.attempt(.banned, nil, nil, ban: nil) == "refused: banned")
        #expect(TimelineSentence.attempt(nil, nil, nil, ban: nil).contains("unknown"))
    }

    private func row(_ kind: LedgerRow.Kind, at seconds: Int64 = 0, unit: Int64 = 0, detail: String?) -> LedgerRow {
        LedgerRow(
            entryID: .zero,
            epoch: 1,
            seq: 1,
            index: 0,
            at: Timestamp(seconds: seconds),
            kind: kind,
            holdID: [.held, .purchased, .expired, .released].contains(kind) ? HoldID(high: 0, low: 1) : nil,
            userID: "anna",
            itemID: 7,
            unit: unit,
            userSlot: 2,
            deadline: kind == .held ? Timestamp(seconds: 300) : nil,
            detail: detail,
            line: []
        )
    }

    private func words(_ row: LedgerRow, begun: Bool = false, _ places: [RecordPlace] = [.ledger]) -> String {
        let beginning = begun ? self.row(.held, detail: "0") : nil
        let (what, why) = TimelineSentence.ledger(row, beginning: beginning, places: places)
        return "\(what): \(why)"
    }

    @Test("Holds say how long they last, and how they end")
    func holds() {
        let id = "hold 00000000000000000000000000000001"
        #expect(words(row(.held, detail: "0")) == "\(id) begins: until 1970-01-01T00:05:00.000Z")
        #expect(words(row(.held, detail: "1")).hasSuffix("; an Idempotency-Key chose its code"))
        let bought = row(.purchased, at: 34, unit: 12, detail: "WIN-1")
        #expect(
            words(bought, begun: true, [.ledger, .purchases])
                == "\(id) becomes unit 12: number 2 of the user, lottery ticket WIN-1, bought after 34.0 s"
        )
        #expect(words(row(.purchased, detail: ""), [.journal]).hasSuffix("; on its way to Postgres"))
        #expect(words(row(.purchased, detail: "")).hasSuffix("; the table of purchases does not have it"))
        #expect(
            words(row(.expired, at: 301, detail: nil), begun: true)
                == "\(id) lapses: nobody paid in time, it lasted until 1970-01-01T00:05:00.000Z: "
                + "unit and quota are free again"
        )
        #expect(words(row(.released, at: 125, detail: nil), begun: true).contains("by its buyer after 2m5s"))
    }

    @Test("What operators did has its reason and its author")
    func controls() {
        for (detail, sentence) in [
            ("checkout_paused\t1\tops\tbad price", "checkouts are paused: 'bad price' by ops"),
            ("checkout_paused\t0\tops\t", "checkouts are resumed: by ops"),
            ("purchase_paused\t1\t\tbank down", "purchases are paused: 'bank down'"),
            ("purchase_paused\t0\t\t", "purchases are resumed: no reason is on record"),
            ("limit\t5\tops\tmore buyers", "the limit per user becomes 5: 'more buyers' by ops"),
            ("state\tfinished\tcron\tthe sale is over", "the sale is finished: 'the sale is over' by cron"),
            ("color\tred\tops\twhy", "color becomes red: 'why' by ops"),
        ] { #expect(words(row(.control, detail: detail)) == sentence) }
        #expect(words(row(.ban, detail: "fraud\tops")) == "the user is banned: 'fraud' by ops")
        #expect(words(row(.unban, detail: "a mistake\tops")) == "the user is no longer banned: 'a mistake' by ops")
        #expect(words(row(.opened, detail: "100\t100\t0\t0")) == "the sale is opened in Redis: stock 100")
        #expect(
            words(row(.rebuilt, detail: "100\t70\t20\t10"))
                == "Redis is rebuilt from the ledger: free 70, held 20, sold 10 of 100"
        )
    }

    @Test("Recoveries, reconciliations and dead letters have their lines")
    func asides() {
        let at = Timestamp(seconds: 1)
        for (what, words) in [
            ("adopted", "the sale goes on with the data that Redis had"),
            ("rebuilt", "the sale is rebuilt from its ledger"), ("refused", "the sale is shut"),
        ] {
            let note = SubjectRecords.Note(kind: .recovery, at: at, what: what, who: "", why: "it was emptied")
            let line = TimelineSentence.note(note)
            #expect(line.what == words)
            #expect(line.why == "it was emptied")
            #expect(line.places == [.recoveries])
        }
        var note = SubjectRecords.Note(kind: .action, at: at, what: "reconcile", who: "ops", why: "plan abc")
        #expect(TimelineSentence.note(note).why == "'plan abc' by ops")
        #expect(TimelineSentence.note(note).kind == .action)
        note.kind = .reconciled
        note.step = JournalTail.Step(epoch: 1, seq: 9, index: 0)
        #expect(TimelineSentence.note(note).step == TimelineLine.Step(epoch: 1, seq: 9, row: 0))
        var letter = SubjectRecords.Letter(number: 4, at: at, kind: "held", reason: "no UTF-8", payload: [])
        #expect(TimelineSentence.letter(letter).why == "no UTF-8; dead letter 4, it waits for repair")
        letter.repairedAt = at
        #expect(TimelineSentence.letter(letter).why.hasSuffix("repaired 1970-01-01T00:00:01.000Z"))
    }

    @Test("A dead letter is about whoever its line names, and about nobody whose name it only contains")
    func letters() {
        let line = Array("0\t00000000000000000000000000000001\tanna\t7\n".utf8)
        let letter = SubjectRecords.Letter(
            number: 1,
            at: Timestamp(seconds: 0),
            kind: "held",
            reason: "",
            payload: line
        )
        #expect(letter.isAbout("anna"))
        #expect(!letter.isAbout("ann"))
        #expect(letter.isAbout(HoldID(high: 0, low: 1)))
        #expect(!letter.isAbout(HoldID(high: 0, low: 2)))
    }
}
