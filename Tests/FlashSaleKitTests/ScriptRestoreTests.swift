import Testing

@testable import FlashSaleKit

@Suite(.serialized) struct ScriptRestoreTests {
    private static func fence(_ bench: inout SaleBench, _ epoch: Int64) async throws -> FenceCall.Fenced? {
        guard case .fenced(let fenced, _) = try await bench.fence(epoch) else { return nil }
        bench.epoch = epoch
        return fenced
    }

    @Test func `a fence only goes up and shuts everybody out`() async throws {
        try await withRedis { client in
            var bench = try await SaleBench.open(client)
            let old = bench
            let same = try await bench.fence(7)
            guard case .refused(currentEpoch: 7, _) = same else { return #expect(Bool(false), "\(same)") }
            #expect(try await Self.fence(&bench, 9) == .init(previousEpoch: 7, previousState: .open, keysEpoch: 7))
            #expect(try await Self.fence(&bench, 8) == nil)
            #expect(try await old.letters([attempt("ann", 1)]) == "E")
            #expect(try await bench.letters([attempt("ann", 1)]) == "E")
            #expect(try await bench.snapshot().state == .recovering)
        }
    }

    @Test func `whole keys are adopted, also after a recovery that was killed`() async throws {
        try await withRedis { client in
            var bench = try await SaleBench.open(client, clock: try await frozenTime(client))
            #expect(try await bench.letters([attempt("ann", 1, keyed: true), attempt("bob", 2)]) == "HH")
            #expect(try await bench.purchase(id(2)) == [.purchased])
            #expect(try await Self.fence(&bench, 8)?.keysEpoch == 7)
            let again = try await Self.fence(&bench, 9)
            #expect(again == .init(previousEpoch: 8, previousState: .recovering, keysEpoch: 7))
            let before = try await bench.everything()
            let wrong = RestoreCall.adopt(keys: bench.keys, epoch: 9, keysEpoch: 8)
            #expect(try await bench.restore(wrong)?.isRefused == true)
            let late = RestoreCall.adopt(keys: bench.keys, epoch: 8, keysEpoch: 7)
            #expect(try await bench.restore(late) == nil, "that epoch is over")
            #expect(try await bench.everything() == before)
            #expect(try await bench.restore(RestoreCall.adopt(keys: bench.keys, epoch: 9, keysEpoch: 7)) == .done)
            #expect(try await bench.purchase(id(1), id(2)) == [.purchased, .alreadyPurchased])
            #expect(try await bench.snapshot().isConsistent)
            let repeated = RestoreCall.adopt(keys: bench.keys, epoch: 9, keysEpoch: 9)
            #expect(try await bench.restore(repeated) == nil, "it is open")
        }
    }

    @Test func `damaged keys are not adopted`() async throws {
        try await withRedis { client in
            for number in SaleKeys(SaleBench.saleID(1)).all.indices.dropFirst().dropLast() {
                var bench = try await SaleBench.open(client, id: Int64(number))
                #expect(try await bench.letters([attempt("ann", 1)]) == "H")
                _ = try await client.send(RedisCommand("UNLINK", bench.keys.all[number]))
                #expect(try await Self.fence(&bench, 8) != nil)
                let before = try await bench.everything()
                let adopt = RestoreCall.adopt(keys: bench.keys, epoch: 8, keysEpoch: 7)
                #expect(try await bench.restore(adopt)?.isRefused == true, "\(bench.keys.all[number])")
                #expect(try await bench.everything() == before)
                #expect(try await bench.snapshot().state == .recovering)
            }
        }
    }

    @Test func `a sale rebuilt in chunks is the sale that was lost`() async throws {
        try await withRedis { client in
            let clock = try await frozenTime(client)
            var bench = try await SaleBench.open(client, stock: 20, limit: 5, clock: clock)
            var model = SaleModel(terms: bench.terms, epoch: 7, clock: clock)
            let batch = (1...9).map { attempt($0 % 2 == 0 ? "ann" : "💥", $0, item: .max, keyed: $0 % 3 == 0) }
            _ = model.checkout(batch, at: clock)
            _ = model.purchase(
                [.init(holdID: id(4), ticket: "T"), .init(holdID: id(6)), .init(holdID: id(1))],
                at: clock
            )
            _ = model.release([id(3), id(5)], at: clock)
            if let ban = ControlCall.Request(.ban(user: "eve"), who: "ann", why: "spam") {
                _ = model.control(ban, at: clock)
            }

            _ = try await client.send(RedisCommand("UNLINK", bench.keys.sale, bench.keys.ledger))
            #expect(try await Self.fence(&bench, 8) == .init(previousEpoch: nil, previousState: nil, keysEpoch: nil))
            var begin = RestoreCall.Begin(terms: bench.terms, clockFloor: clock, installation: "here", lineage: .bench)
            begin.sequence = model.sequence
            for pass in 1...2 {
                // A recovery that was killed begins again at the same epoch.
                #expect(try await bench.restore(RestoreCall.begin(keys: bench.keys, epoch: 8, begin)) == .done)
                for chunk in Self.chunks(model, bench) + Self.chunks(model, bench) {
                    #expect(try await bench.restore(chunk) == .done, "pass \(pass)")
                }
            }
            #expect(try await bench.letters([attempt("zoe", 99)]) == "E")
            let open = RestoreCall.open(keys: bench.keys, epoch: 8, kind: .rebuilt, sold: 3)
            #expect(try await bench.restore(open) == .done)
            #expect(try await bench.snapshot().isConsistent)
            var image = try await SaleImage(reading: bench)
            let expected = SaleImage(model)
            #expect(image.sale["seq"] == String(model.sequence + 1), "the rebuild is a step of its own")
            image.sale["seq"] = expected.sale["seq"]
            image.replaceEpoch("8", with: "7")
            #expect(image == expected)
            #expect(try await bench.letters([attempt("eve", 98), attempt("💥", 3, keyed: true)]) == "Bh")
        }
    }

    private static func chunks(_ model: SaleModel, _ bench: SaleBench) -> [RedisCommand] {
        typealias Hold = RestoreCall.RestoredHold
        func restored(_ id: HoldID, _ hold: SaleModel.Hold, _ kind: Hold.Kind) -> Hold {
            Hold(holdID: id, user: hold.user, itemID: hold.itemID, deadline: hold.deadline, kind: kind)
        }
        let holds =
            model.openHolds.map { restored($0, $1, $1.keyed ? .keyed : .drawn) }
            + model.tombstones.map { restored($0, $1, .tombstone) }
        let receipts = model.receipts.map { id, receipt in
            RestoreCall.RestoredReceipt(
                holdID: id,
                unit: receipt.unit,
                slot: receipt.slot,
                user: receipt.hold.user,
                itemID: receipt.hold.itemID,
                ticket: receipt.ticket,
                purchasedAt: receipt.purchasedAt,
                deadline: receipt.hold.deadline
            )
        }
        let keys = bench.keys
        return [
            RestoreCall.holds(keys: keys, epoch: 8, Array(holds.prefix(3))),
            RestoreCall.receipts(keys: keys, epoch: 8, receipts),
            RestoreCall.holds(keys: keys, epoch: 8, Array(holds.dropFirst(2))),
            RestoreCall.bans(keys: keys, epoch: 8, model.banned.map { (user: $0, reason: $1) }),
        ]
    }

    @Test func `only the epoch that began a rebuild may go on with it`() async throws {
        try await withRedis { client in
            var bench = try await SaleBench.open(client)
            let keys = bench.keys
            let hold = RestoreCall.RestoredHold(
                holdID: id(1),
                user: "ann",
                itemID: 1,
                deadline: Timestamp(seconds: 4_000_000_000),
                kind: .drawn
            )
            #expect(try await bench.restore(RestoreCall.holds(keys: keys, epoch: 7, [hold])) == nil, "it is open")
            #expect(try await Self.fence(&bench, 8) != nil)
            let before = try await bench.everything()
            for epoch in [Int64(7), 9] {
                let begin = RestoreCall.Begin(
                    terms: bench.terms,
                    clockFloor: .init(seconds: 1),
                    installation: "x",
                    lineage: .bench
                )
                #expect(try await bench.restore(RestoreCall.begin(keys: keys, epoch: epoch, begin)) == nil)
                #expect(try await bench.restore(RestoreCall.holds(keys: keys, epoch: epoch, [hold])) == nil)
            }
            // Rows without `begin` would be added to what is there.
            #expect(try await bench.restore(RestoreCall.holds(keys: keys, epoch: 8, [hold]))?.isRefused == true)
            let open = RestoreCall.open(keys: keys, epoch: 8, kind: .opened, sold: 0)
            #expect(try await bench.restore(open)?.isRefused == true)
            #expect(try await bench.everything() == before)
        }
    }

    @Test(
        arguments: [
            ([1, 2], 3), ([1, 3], 2), ([2], 1), ([1, 2, 3, 4], 4),
        ] as [([Int], Int)]
    )
    func `a sale with a gap, a missing unit or too many does not open`(units: [Int], sold: Int) async throws {
        try await withRedis { client in
            var bench = try await SaleBench.open(client, stock: 3)
            #expect(try await Self.fence(&bench, 8) != nil)
            let begin = RestoreCall.Begin(
                terms: bench.terms,
                clockFloor: .init(seconds: 1),
                installation: "x",
                lineage: .bench
            )
            #expect(try await bench.restore(RestoreCall.begin(keys: bench.keys, epoch: 8, begin)) == .done)
            let rows = units.map { unit in
                RestoreCall.RestoredReceipt(
                    holdID: id(UInt64(unit)),
                    unit: unit,
                    slot: unit,
                    user: "ann",
                    itemID: 1,
                    ticket: "",
                    purchasedAt: .init(seconds: 1),
                    deadline: .init(seconds: 2)
                )
            }
            #expect(try await bench.restore(RestoreCall.receipts(keys: bench.keys, epoch: 8, rows)) == .done)
            let before = try await bench.everything()
            let open = RestoreCall.open(keys: bench.keys, epoch: 8, kind: .rebuilt, sold: sold)
            #expect(try await bench.restore(open)?.isRefused == true)
            #expect(try await bench.everything() == before)
        }
    }

    @Test func `streams go on above what Postgres has read, and begin empty`() async throws {
        try await withRedis { client in
            var bench = try await SaleBench.open(client)
            #expect(try await Self.fence(&bench, 8) != nil)
            var begin = RestoreCall.Begin(
                terms: bench.terms,
                clockFloor: bench.terms.opensAt,
                installation: "x",
                lineage: .bench
            )
            begin.ledgerFloor = "99999999999999-7"
            begin.attemptsFloor = "99999999999999-18446744073709551615"
            #expect(try await bench.restore(RestoreCall.begin(keys: bench.keys, epoch: 8, begin)) == .done)
            let empty = try await bench.snapshot()
            #expect(empty.ledger == .init(entries: 0, lastID: "99999999999999-8", firstID: ""))
            #expect(empty.attempts == .init(entries: 0, lastID: "100000000000000-0", firstID: ""))
            let open = RestoreCall.open(keys: bench.keys, epoch: 8, kind: .rebuilt, sold: 0)
            #expect(try await bench.restore(open) == .done)
            #expect(try await bench.letters([attempt("ann", 1)]) == "H")
            let used = try await bench.snapshot()
            #expect(used.ledger == .init(entries: 2, lastID: "99999999999999-10", firstID: "99999999999999-9"))
            #expect(used.attempts == .init(entries: 1, lastID: "100000000000000-1", firstID: "100000000000000-1"))
        }
    }

    @Test func `opening believes a far clock only when it is confirmed`() async throws {
        try await withRedis { client in
            for confirm in [false, true] {
                var bench = try await SaleBench.open(client, id: confirm ? 1 : 2)
                #expect(try await Self.fence(&bench, 8) != nil)
                let now = try await SaleBench.redisTime(client)
                let floor = now.adding(milliseconds: -3_600_000)
                let begin = RestoreCall.Begin(terms: bench.terms, clockFloor: floor, installation: "x", lineage: .bench)
                #expect(try await bench.restore(RestoreCall.begin(keys: bench.keys, epoch: 8, begin)) == .done)
                let open = RestoreCall.open(
                    keys: bench.keys,
                    epoch: 8,
                    kind: .opened,
                    sold: 0,
                    confirmed: confirm ? try await frozenTime(client) : nil
                )
                #expect(try await bench.restore(open) == .done)
                #expect((try await bench.snapshot().clock >= now) == confirm)
                if !confirm { #expect(try await bench.letters([attempt("ann", 1)]) == "T") }
            }
        }
    }

    @Test(arguments: ["a\tb\n", "a\tann\t1\t5\t0", "a\tann\t1\tx\t0\n", "a\tann\t1\t5\t2\n", "\tann\t1\t5\t0\n"])
    func `a chunk that cannot be read adds nothing`(lines: String) async throws {
        try await withRedis { client in
            var bench = try await SaleBench.open(client)
            #expect(try await Self.fence(&bench, 8) != nil)
            let begin = RestoreCall.Begin(
                terms: bench.terms,
                clockFloor: .init(seconds: 1),
                installation: "x",
                lineage: .bench
            )
            #expect(try await bench.restore(RestoreCall.begin(keys: bench.keys, epoch: 8, begin)) == .done)
            let before = try await bench.everything()
            let tooMany = String(repeating: "a\tann\t1\t5\t0\n", count: RestoreCall.maximumLines + 1)
            for text in [lines, "b\tbob\t1\t5\t0\n" + lines, tooMany] {
                let command = SaleScript.restore.command(keys: bench.keys, arguments: ["8", "", "holds", text])
                #expect(try await bench.restore(command)?.isRefused == true)
            }
            #expect(try await bench.everything() == before)
        }
    }
}

extension RestoreCall.Outcome {
    var isRefused: Bool {
        if case .refused = self { true } else { false }
    }
}

extension SaleImage {
    /// So that a rebuilt sale can be compared with what it was.
    mutating func replaceEpoch(_ new: String, with old: String) {
        sale["epoch"] = old
        for path in [\SaleImage.users, \.bought, \.banned] where self[keyPath: path][.empty] == new {
            self[keyPath: path][UserID.empty] = old
        }
        for path in [\SaleImage.holds, \.receipts] where self[keyPath: path][""] == new {
            self[keyPath: path][""] = old
        }
        if let score = deadlines.removeValue(forKey: "epoch:\(new)") { deadlines["epoch:\(old)"] = score }
    }
}
