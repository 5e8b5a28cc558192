import Testing

@testable import FlashSaleKit

@Suite struct VerificationReportTests {
    private let sale = SaleBench.saleID(3)

    @Test func aViolationSaysWhatAndTheNextStep() {
        var invariant = Invariant(.holds, sale)
        let hold = HoldID(high: 0, low: 255)
        invariant.violate("hold \(hold) is lost", hold: hold, user: "anna", unit: 4)
        invariant.violate("another thing", next: "do that")
        invariant.figure("open", 12)
        #expect(invariant.violations == 2)
        #expect(
            invariant.findings[0].sentence
                == "hold 000000000000000000000000000000ff is lost; next step: look at "
                + "`flashctl reconcile --plan --sale 3`"
        )
        #expect(invariant.findings[0].user == "anna")
        #expect(invariant.findings[0].unit == 4)
        #expect(invariant.findings[1].sentence == "another thing; next step: do that")
        #expect(invariant.figures.map(\.value) == [12])
    }

    @Test func aRequirementIsAViolationOnlyWhenItFails() {
        var invariant = Invariant(.terms, sale)
        invariant.require(true, "never")
        #expect(invariant.violations == 0)
        invariant.require(false, "always")
        #expect(
            invariant.findings.map(\.sentence) == ["always; next step: look at `flashctl reconcile --plan --sale 3`"]
        )
    }

    @Test func aReportIsBoundedAndCountsTheRest() {
        var invariant = Invariant(.users, sale)
        for number in 0..<6000 { invariant.violate("user \(number)") }
        invariant.violate(more: 10)
        invariant.violate(more: -5)
        #expect(invariant.violations == 6010)
        #expect(invariant.findings.count == 5000)
        #expect(invariant.reported.findings.count == Invariant.maximumFindings)
        #expect(invariant.reported.violations == 6010)
    }

    @Test func whatWasFoundInPiecesMustBeFoundTwice() {
        var (first, second) = (Invariant(.holds, sale), Invariant(.holds, sale))
        first.violate("a")
        first.violate("b")
        second.violate("b")
        second.violate("c")
        let confirmed = second.confirmed(by: first)
        #expect(confirmed.findings.map(\.sentence) == ["b; next step: look at `flashctl reconcile --plan --sale 3`"])
        #expect(confirmed.violations == 1)
        #expect(second.confirmed(by: nil).violations == 0)
        #expect(Invariant(.holds, sale).confirmed(by: first).violations == 0)
    }

    @Test func everyConditionIsPromisedInWords() {
        let promises = Invariant.Kind.allCases.map(\.promise)
        #expect(Set(promises).count == promises.count)
        #expect(promises.allSatisfy { $0.count > 15 && !$0.hasSuffix(".") })
        #expect(Set(Invariant.Kind.allCases.map(\.rawValue)).count >= 20)
    }

    @Test func aPlanHashesWhatItWritesAndNothingElse() {
        var plan = ReconciliationPlan(sale)
        let empty = plan.hash
        #expect(empty.count == 64)
        plan.add(.purchase(HoldID(high: 1, low: 1)), "insert it", because: "it is missing")
        let one = plan.hash
        #expect(one != empty)
        var same = ReconciliationPlan(sale)
        same.add(.purchase(HoldID(high: 1, low: 1)), "said otherwise", because: "of another reason")
        same.highestStep = 99
        same.needsPerson = ["somebody"]
        #expect(same.hash == one)
        same.add(.note(ReconciledNotes.gap(1...2)), "note", because: "why")
        #expect(same.hash != one)
        var other = ReconciliationPlan(SaleBench.saleID(4))
        other.add(.purchase(HoldID(high: 1, low: 1)), "insert it", because: "it is missing")
        #expect(other.hash != one)
    }

    @Test func everyOperationHasItsOwnText() {
        let row = LedgerInsert(kind: .held, holdID: nil, user: "a", item: 1, at: Timestamp(microseconds: 1))
        let attempt = AttemptInsert(user: "a", item: 1, at: Timestamp(microseconds: 1), outcome: 72)
        let operations: [FlashSaleKit.Operation] = [
            .ledger(row), .attempt(attempt), .purchase(HoldID(high: 1, low: 1)), .cursor(.ledger, .zero),
            .cursor(.attempts, .zero), .figures(.ledger, rows: 1, entries: 1), .note("x"), .rebuild([]),
            .rebuild(["a"]),
        ]
        #expect(Set(operations.map(\.canonical)).count == operations.count)
    }
}

/// How the keys of a sale are read.
@Suite struct RedisContentsTests {
    private let keys = SaleKeys(SaleBench.saleID(1))

    private func contents(_ parts: [String: [String]] = [:]) async throws -> RedisContents {
        try await withRedis { client in
            _ = try await client.send(RedisCommand("HSET", keys.sale, "epoch", "7", "state", "open"))
            for (command, arguments) in parts.sorted(by: { $0.key < $1.key }) {
                let words = [String(command.split(separator: " ")[0])] + arguments
                _ = try await client.send(RedisCommand(parts: words.map(RedisArgument.string)))
            }
            guard case .contents(let contents) = try await RedisContents.read(keys, from: client) else {
                throw ShopError("the keys could not be read")
            }
            return contents
        }
    }

    @Test func fieldsAreReadAsTheScriptsWriteThem() async throws {
        let hold = HoldID(high: 1, low: 2)
        let contents = try await contents([
            "HSET 1": [keys.holds, "", "7", "\(hold)", "anna\t7\t123\tx"],
            "HSET 2": [keys.receipts, "", "7", "\(hold)", "4\t2\tanna\t7\tgolden\t55\t66"],
            "HSET 3": [keys.users, "", "7", "anna", "3"], "HSET 4": [keys.banned, "", "7", "eve", ""],
            "ZADD 1": [keys.deadlines, "+inf", "epoch:7", "123", "\(hold)"],
        ])
        #expect(contents.epoch == 7)
        #expect(contents.state == .open)
        #expect(contents.holds[hold]?.isOpen == false)
        #expect(contents.receipts[hold]?.unit == 4)
        #expect(contents.receipts[hold]?.ticket == "golden")
        #expect(contents.receipts[hold]?.deadline == 66)
        #expect(contents.users == ["anna": 3])
        #expect(contents.banned == ["eve": ""])
        #expect(contents.deadlines == [hold: 123])
        #expect(contents.sentinels[keys.deadlines] == 7)
        #expect(contents.sentinels[keys.bought] == nil)
        #expect(contents.unreadable.isEmpty)
        #expect(!contents.ledger.exists)
    }

    @Test func whatNoScriptWritesIsAFinding() async throws {
        let contents = try await contents([
            "HSET 1": [keys.holds, "short", "anna\t7\t1\t0", "\(HoldID(high: 1, low: 1))", "anna\t7\t1\t9"],
            "HSET 2": [keys.receipts, "\(HoldID(high: 1, low: 1))", "1\t2"], "HSET 3": [keys.users, "a\u{1}b", "x"],
            "ZADD 1": [keys.deadlines, "5", "nonsense"],
            "ZADD 2": [keys.deadlines, "+inf", "epoch:7", "+inf", "epoch:8"],
        ])
        #expect(contents.unreadable.count == 5, "\(contents.unreadable)")
        #expect(contents.unreadable.contains { $0.contains("'a?b'") })
        #expect(contents.sentinels[keys.deadlines] == -1, "two sentinels are as wrong as none")
    }

    @Test func missingKeysOtherTypesAndLargeSalesAreTold() async throws {
        try await withRedis { client in
            guard case .missing = try await RedisContents.read(keys, from: client) else {
                Issue.record("no sale key")
                return
            }
            _ = try await client.send(RedisCommand("HSET", keys.sale, "epoch", "7"))
            _ = try await client.send(RedisCommand("HSET", keys.users, "", "7", "a", "1", "b", "2"))
            guard case .tooLarge(3) = try await RedisContents.read(keys, from: client, most: 2) else {
                Issue.record("three fields are more than two")
                return
            }
            guard case .contents(let head) = try await RedisContents.readHead(keys, from: client) else {
                Issue.record("no head")
                return
            }
            #expect(head.epoch == 7)
            #expect(head.users.isEmpty)
            let (reading, inPieces) = try await LargeContents.read(keys, from: client, atOnce: 2)
            #expect(inPieces)
            guard case .contents(let all) = reading else {
                Issue.record("no pieces")
                return
            }
            #expect(all.users == ["a": 1, "b": 2])
            #expect(all.sentinels[keys.users] == 7)
            _ = try await client.send(RedisCommand("SET", keys.receipts, "x"))
            guard case .wrongType(let key) = try await RedisContents.read(keys, from: client) else {
                Issue.record("a string is no hash")
                return
            }
            #expect(key == keys.receipts)
        }
    }
}
