import Synchronization
import Testing

@testable import FlashSaleKit

/// What is not proven is not written, and a sale with a gap is neither rebuilt nor shut.
@Suite(.serialized) struct GapRefusalTests {
    /// A gap with two purchases before it, three inside, and open holds.
    private func makeGap(_ rig: GapRig) async throws -> (before: [HoldID], inside: [HoldID]) {
        let before = try await rig.open.checkout(["anna", "anna", "bob"], expect: "HHH")
        try await rig.open.purchase([before[0], before[1]])
        try await rig.replicate()
        let inside = try await rig.open.checkout(["carl", "carl", "dora", "emil"], expect: "HHHH")
        try await rig.open.purchase([inside[0], inside[1], inside[2]])
        try await rig.drainAndTrim()
        try await rig.promoteStandby()
        return (before, inside)
    }

    private func expectRefusal(_ rig: GapRig, _ names: [String]) async throws {
        let rows = try await rig.shop.count("select count(*) from ledger")
        let plan = try await rig.plan()
        #expect(plan.isEmpty && plan.closing == nil)
        for name in names {
            #expect(plan.needsPerson.contains { $0.contains(name) }, "\(name) is not in \(plan.needsPerson)")
        }
        #expect(plan.needsPerson.allSatisfy { !$0.contains("next step") })
        let error = await #expect(throws: ReconcileError.self) {
            try await rig.reconciliation.apply(rig.open.id, confirm: plan.hash, actor: "ops", reason: "a test")
        }
        #expect(error?.code == .wrongHash)
        #expect(try await rig.shop.count("select count(*) from ledger") == rows)
        #expect(try await rig.gaps().count == 2, "the cursors have not moved")
    }

    @Test func aMissingReceiptIsNamed() async throws {
        try await GapRig.with { rig in
            let (_, inside) = try await makeGap(rig)
            try await rig.send("HDEL", rig.open.keys.receipts, inside[1].description)
            try await expectRefusal(rig, ["unit 4 of sale \(rig.open.id) has neither a receipt"])
        }
    }

    @Test func aUnitThatTwoReceiptsHaveIsNamed() async throws {
        try await GapRig.with { rig in
            let (before, inside) = try await makeGap(rig)
            let fields = try await rig.receipt(inside[1]).split(separator: "\t", omittingEmptySubsequences: false)
            let wrong = (["2"] + fields.dropFirst().map(String.init)).joined(separator: "\t")
            try await rig.send("HSET", rig.open.keys.receipts, inside[1].description, wrong)
            let ids = [before[1], inside[1]].sorted(by: HoldID.inReportOrder).map(\.description)
            try await expectRefusal(
                rig,
                [
                    "unit 2 of sale \(rig.open.id) is that of the holds \(ids[0]) and \(ids[1])",
                    "unit 4 of sale \(rig.open.id) has neither",
                ]
            )
        }
    }

    @Test func aNumberThatAUserHasTwiceIsNamed() async throws {
        try await GapRig.with { rig in
            let (_, inside) = try await makeGap(rig)
            var fields = try await rig.receipt(inside[1]).split(separator: "\t", omittingEmptySubsequences: false)
                .map(String.init)
            fields[1] = "1"
            try await rig.send("HSET", rig.open.keys.receipts, inside[1].description, fields.joined(separator: "\t"))
            try await expectRefusal(rig, ["number 1 of user 'carl' in sale \(rig.open.id)"])
        }
    }

    @Test func aReceiptThatContradictsTheLedgerIsNamed() async throws {
        try await GapRig.with { rig in
            let (before, _) = try await makeGap(rig)
            var fields = try await rig.receipt(before[0]).split(separator: "\t", omittingEmptySubsequences: false)
                .map(String.init)
            fields[0] = "7"
            try await rig.send("HSET", rig.open.keys.receipts, before[0].description, fields.joined(separator: "\t"))
            try await expectRefusal(rig, ["hold \(before[0]) of sale \(rig.open.id) is unit 1 and 7"])
        }
    }

    /// Every counter that Redis keeps is compared with what ledger, rows and journal add up to.
    @Test(arguments: ["held", "free", "sold", "users", "bought", "holds"])
    func aCounterThatIsOffIsNamed(counter: String) async throws {
        try await GapRig.with { rig in
            let (before, _) = try await makeGap(rig)
            let keys = rig.open.keys
            switch counter {
            case "users": try await rig.send("HINCRBY", keys.users, "carl", "1")
            case "bought": try await rig.send("HINCRBY", keys.bought, "carl", "1")
            case "holds": try await rig.send("HDEL", keys.holds, before[2].description)
            default: try await rig.send("HINCRBY", keys.sale, counter, "1")
            }
            let names = ["users": "user 'carl'", "bought": "user 'carl'", "holds": "held"]
            try await expectRefusal(rig, [names[counter] ?? counter])
        }
    }

    /// A server that restarts, or a Redis that does, takes the sale over as it is.
    @Test func aSaleWithAGapIsAdoptedAndNeitherRebuiltNorShut() async throws {
        try await GapRig.with { rig in
            _ = try await makeGap(rig)
            let before = try await rig.open.snapshot()
            let inspection = KeyInspection(redis: rig.shop.redis, postgres: rig.postgres)
            #expect(try await inspection.damage(of: rig.open.id) == nil)
            #expect(try await inspection.gaps(of: rig.open.id).map(\.stream) == [.ledger, .attempts])
            try await rig.shop.stack.stopRedis()
            try await rig.shop.stack.startRedis()
            let shop = try await rig.shop.anotherProcess()
            let notices = Notices()
            let validated = try await Handshake(redis: shop.redis, postgres: shop.postgres) { notice in
                notices.add(notice)
            }.validate()
            #expect(validated.shut.isEmpty)
            let epoch = try #require(validated.epochs[rig.open.id])
            #expect(epoch > rig.open.epoch)
            let notice = try #require(notices.all.first { $0.sale == rig.open.id })
            #expect(notice.result == .adopted && notice.gaps.count == 2)
            #expect(notice.description.contains("next step: flashctl reconcile --plan --sale \(rig.open.id)"))
            let reason = try await shop.text(
                "select kind || ': ' || reason from recoveries where sale_id = \(rig.open.id) and epoch = \(epoch)"
            )
            #expect(reason.hasPrefix("adopted: ") && reason.contains("the ledger of sale \(rig.open.id) has a gap"))
            let open = OpenSale(shop: shop, sale: rig.open.sale, epoch: epoch)
            let after = try await open.snapshot()
            #expect([after.free, after.held, after.sold] == [before.free, before.held, before.sold])
            let error = await #expect(throws: JournalError.self) { try await open.drainLedger() }
            #expect(error?.code == .trimmedPastCursor)
            let closed = try await GapRig(shop: shop, open: open).close()
            try await closed.expectClean("adopted before it was closed")
        }
    }

    /// Without keys nothing can be adopted, and the shortened ledger is no truth.
    @Test func lostKeysAreNotRebuiltFromTheShortenedLedger() async throws {
        try await GapRig.with { rig in
            _ = try await makeGap(rig)
            try await rig.send("DEL", rig.open.keys.users)
            let validated = try await Handshake(redis: rig.shop.redis, postgres: rig.postgres).validate()
            #expect(validated.shut[rig.open.id]?.why.contains("was trimmed to") == true)
            let plan = try await rig.plan()
            #expect(plan.isEmpty && plan.needsPerson.contains { $0.contains("user 'carl'") }, "\(plan.needsPerson)")
        }
    }

    /// Killed behind the fence, before or behind the commit: the next process goes on.
    @Test(arguments: [false, true]) func itMayBeKilledAndRunAgain(committed: Bool) async throws {
        try await GapRig.with { rig in
            _ = try await makeGap(rig)
            let plan = try await rig.plan()
            let steps = EpochSteps(redis: rig.shop.redis, postgres: rig.postgres)
            let epoch = try await steps.takeEpoch()
            try await steps.raiseCursors(of: [rig.open.id], to: epoch)
            _ = try await steps.fence(rig.open.id, epoch)
            var rig = rig
            if committed {
                let closing = try #require(try await rig.plan().closing)
                let writer = GapWriter(closing: closing, hash: plan.hash, actor: "ops", reason: "x", epoch: epoch)
                try await writer.commit(on: rig.postgres)
                await #expect(throws: ReconcileError.self) { try await writer.commit(on: rig.postgres) }
                #expect(try await rig.gaps() == [])
                rig.open = try await rig.open.validated()
                #expect(try await rig.plan().isEmpty)
            } else {
                #expect(try await rig.plan().hash == plan.hash)
                rig = try await rig.close()
            }
            try await rig.expectClean("killed, committed: \(committed)")
            #expect(try await rig.receipts().count == 5)
            #expect(try await rig.shop.text("select string_agg(kind, ' ') from recoveries") == "adopted")
        }
    }

    /// A cursor that somebody has moved, or another epoch: nothing is written.
    @Test(arguments: ["ledger", "attempts", "epoch"]) func aMovedCursorIsRefused(what: String) async throws {
        try await GapRig.with { rig in
            _ = try await makeGap(rig)
            let closing = try #require(try await rig.plan().closing)
            let rows = try await rig.shop.count("select count(*) from ledger")
            var epoch = rig.open.epoch
            if what == "epoch" {
                epoch += 1
            } else {
                _ = try await rig.postgres.query("update journal_cursor set last_id = '1-1' where stream = \(what)")
            }
            let writer = GapWriter(closing: closing, hash: "h", actor: "ops", reason: "x", epoch: epoch)
            let error = await #expect(throws: ReconcileError.self) { try await writer.commit(on: rig.postgres) }
            #expect(error?.code == .moved)
            #expect(try await rig.shop.count("select count(*) from ledger") == rows)
            #expect(try await rig.shop.count("select count(*) from purchases") == 2)
        }
    }

    @Test func theChecksNameTheGapAndTheNextStep() async throws {
        try await GapRig.with { rig in
            _ = try await makeGap(rig)
            let reader = GuardReader(
                options: GuardOptions { Timestamp(microseconds: 0) },
                redis: { rig.shop.redis },
                postgres: { rig.postgres }
            )
            let report = await reader.read()
            for (name, stream) in [(GuardCheck.Name.ledgerLag, "ledger"), (.attemptsLag, "attempts")] {
                let check = try #require(report[name])
                #expect(check.level == .critical)
                #expect(check.sentence.hasPrefix("The \(stream) of sale \(rig.open.id) has a gap: "), "\(check)")
                #expect(check.nextStep?.contains("`flashctl reconcile --plan --sale \(rig.open.id)`") == true)
            }
            _ = try await rig.close()
            let after = await reader.read()
            #expect(after[.ledgerLag]?.level == .ok && after[.attemptsLag]?.level == .ok)
        }
    }
}

/// What a recovery said.
private final class Notices: Sendable {
    private let notices = Mutex<[RecoveryNotice]>([])
    func add(_ notice: RecoveryNotice) { notices.withLock { $0.append(notice) } }
    var all: [RecoveryNotice] { notices.withLock { $0 } }
}
