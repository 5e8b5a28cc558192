import Testing

@testable import FlashSaleKit

/// The rules, asked about one record at a time.
@Suite struct SaleModelReplayTests {
    private static let start = Timestamp(seconds: 1_000_000)

    private func model(stock: Int = 2, limit: Int = 1) -> SaleModel {
        let terms = SaleTerms(
            itemName: "Lamp",
            imageURL: "/lamp.png",
            stock: stock,
            userLimit: limit,
            holdMilliseconds: 1000,
            opensAt: SaleModelReplayTests.start,
            closesAt: SaleModelReplayTests.start.adding(milliseconds: 60_000),
            hourly: false,
            test: true
        )
        return SaleModel(unopened: terms, epoch: 1, clock: SaleModelReplayTests.start)
    }

    private func hold(_ user: UserID, at time: Timestamp = start, lasts: Int64 = 1000) -> SaleModel.Hold {
        SaleModel.Hold(user: user, itemID: 7, deadline: time.adding(milliseconds: lasts), keyed: false)
    }

    private func receipt(_ user: UserID, unit: Int, slot: Int = 1, after: Int64 = 500) -> SaleModel.Receipt {
        SaleModel.Receipt(
            unit: unit,
            slot: slot,
            hold: hold(user),
            ticket: "",
            purchasedAt: SaleModelReplayTests.start.adding(milliseconds: after)
        )
    }

    private func objection(_ body: () throws -> Void) -> SaleModel.Objection? {
        do {
            try body()
            return nil
        } catch {
            return error as? SaleModel.Objection
        }
    }

    @Test func reasonsAreAskedInTheirOrder() throws {
        var model = model()
        #expect(model.outcome { "ann" } == .held)
        try model.replayHeld(id(1), hold("ann"), at: Self.start)
        #expect(model.outcome { "ann" } == .userLimit)
        #expect(model.reason(for: .userLimit, of: "ann") == "the user has 1 unit and the limit is 1")
        try model.replayHeld(id(2), hold("bob"), at: Self.start)
        // Sold out comes before the limit, and the user is not even looked at.
        #expect(
            model.outcome {
                Issue.record("read"); return "ann"
            } == .soldOut
        )
        try model.replayControl(.ban(user: "ann"), at: Self.start)
        #expect(model.outcome { "ann" } == .banned)
        #expect(model.outcome { "bob" } == .soldOut)
        try model.replayControl(.unban(user: "ann"), at: Self.start)
        #expect(model.outcome { "ann" } == .soldOut)
        #expect(model.records.isEmpty, "a replay writes no journal")
    }

    @Test func holdsBeginOnceAndLastAsLongAsTheyShould() throws {
        var model = model()
        try model.replayHeld(id(1), hold("ann"), at: Self.start)
        #expect(objection { try model.replayHeld(id(1), hold("ann"), at: Self.start) }?.expected == "no second hold")
        let long = objection { try model.replayHeld(id(2), hold("bob", lasts: 1001), at: Self.start) }
        #expect(long?.why.contains("a hold lasts 1000 ms") == true)
        #expect(model.held == 1 && model.unitsOfUser == ["ann": 1])
    }

    @Test func holdsEndInTheirTimeAndByTheirUser() throws {
        var model = model()
        try model.replayHeld(id(1), hold("ann"), at: Self.start)
        let (early, late) = (Self.start.adding(milliseconds: 999), Self.start.adding(milliseconds: 1000))
        func end(_ kind: SaleModel.Record.End, _ user: UserID, _ time: Timestamp) -> SaleModel.Objection? {
            objection { try model.replayEnd(kind, id(1), user: user, item: 7, at: time, earliest: nil) }
        }
        #expect(end(.expired, "ann", early)?.expected == "held")
        #expect(end(.released, "ann", late)?.expected == "expired")
        #expect(end(.released, "bob", early)?.expected == "user 'ann', item 7")
        #expect(end(.expired, "ann", late) == nil)
        #expect(end(.expired, "ann", late)?.why.contains("is not open") == true)
        #expect(model.free == 2 && model.unitsOfUser.isEmpty)
    }

    @Test func aRebuiltHoldMayEndBetweenItsTwoDeadlines() throws {
        var model = model()
        try model.replayHeld(id(1), hold("ann"), at: Self.start)
        model.openHolds[id(1)]?.deadline = Self.start.adding(milliseconds: 90_000)
        let between = Self.start.adding(milliseconds: 2000)
        try model.replayEnd(
            .expired,
            id(1),
            user: "ann",
            item: 7,
            at: between,
            earliest: Self.start.adding(milliseconds: 1000)
        )
        #expect(model.held == 0)
    }

    @Test func purchasesAreNumbered() throws {
        var model = model(stock: 3, limit: 2)
        for (number, user) in (["ann", "ann", "bob"] as [UserID]).enumerated() {
            try model.replayHeld(id(UInt64(number)), hold(user), at: Self.start)
        }
        func buy(_ number: UInt64, _ receipt: SaleModel.Receipt) -> SaleModel.Objection? {
            objection { try model.replayPurchase(id(number), receipt) }
        }
        #expect(buy(0, receipt("ann", unit: 2))?.expected == "unit 1")
        #expect(buy(0, receipt("ann", unit: 1, slot: 2))?.expected == "number 1 of the user")
        #expect(buy(0, receipt("bob", unit: 1))?.expected == "user 'ann', item 7")
        #expect(buy(0, receipt("ann", unit: 1, after: 1000))?.expected == "expired")
        #expect(buy(0, receipt("ann", unit: 1)) == nil)
        #expect(buy(0, receipt("ann", unit: 2))?.why.contains("was bought before") == true)
        #expect(buy(1, receipt("ann", unit: 2, slot: 2)) == nil)
        try model.replayControl(.pausePurchase, at: Self.start)
        #expect(buy(2, receipt("bob", unit: 3))?.why == "purchases were paused")
        #expect((model.free, model.held, model.sold) == (0, 1, 2))
        #expect(model.brokenPromises() == [])
    }

    @Test func controlsMustChangeSomethingAndASaleHasItsHours() throws {
        var model = model(limit: 3)
        #expect(objection { try model.replayControl(.resumeCheckout, at: Self.start) }?.expected == "unchanged")
        #expect(objection { try model.replayControl(.lowerLimit(4), at: Self.start) }?.expected == "refused")
        #expect(objection { try model.replayControl(.finish, at: Self.start) }?.expected == "refused")
        try model.replayControl(.lowerLimit(2), at: Self.start)
        #expect(model.limit == 2)
        #expect(model.closure(at: Self.start) == nil)
        #expect(model.closure(at: Self.start.adding(milliseconds: -1))?.contains("opens at") == true)
        try model.replayControl(.pauseCheckout, at: Self.start)
        #expect(model.closure(at: Self.start) == "checkouts were paused")
        let end = Self.start.adding(milliseconds: 60_000)
        #expect(model.closure(at: end)?.contains("closed at") == true)
        try model.replayControl(.finish, at: end)
        #expect(model.closure(at: Self.start) == "the sale was finished")
        #expect(objection { try model.replayControl(.pauseCheckout, at: end) }?.expected == "closed")
    }

    @Test func countsAreThoseThatFollow() throws {
        var model = model()
        try model.replayHeld(id(1), hold("ann"), at: Self.start)
        try model.replayCounts((2, 1, 1, 0))
        let wrong = objection { try model.replayCounts((2, 2, 0, 0)) }
        #expect(wrong?.expected == "stock 2, free 1, held 1, sold 0")
    }

    @Test func lapsedHoldsAreFoundWhileTheyAreOpen() throws {
        var model = model(stock: 5000)
        var watch = LapseWatch()
        for number in 0..<3000 {
            let hold = hold("user\(number)", lasts: Int64(5000 - number))
            model.begin(id(UInt64(number)), hold)
            watch.add(id(UInt64(number)), hold.deadline, in: model)
            // All but two end at once: the watch does not keep them for ever.
            if number > 1 { model.drop(id(UInt64(number)), hold) }
        }
        #expect(watch.lapsed(at: Self.start.adding(milliseconds: 4998), in: model) == nil)
        #expect(watch.lapsed(at: Self.start.adding(milliseconds: 4999), in: model) == id(1))
        #expect(watch.lapsed(at: Self.start.adding(milliseconds: 5000), in: model) == id(1), "asking changes nothing")
        model.openHolds[id(1)]?.deadline = Self.start.adding(milliseconds: 9000)
        watch.rebuild(from: model)
        #expect(watch.lapsed(at: Self.start.adding(milliseconds: 5000), in: model) == id(0))
    }

    @Test func placesAreOrderedByEpochStepAndRow() {
        func place(_ epoch: Int64, _ seq: Int64, _ index: Int64) -> RecordPosition {
            RecordPosition(epoch: epoch, seq: seq, index: index)
        }
        let sorted = [place(1, 1, 0), place(1, 1, 2), place(1, 2, 0), place(2, 1, 0)]
        #expect(sorted.shuffled().sorted() == sorted)
        #expect(place(1, 1, 0).isSameStep(as: place(1, 1, 9)) && !place(1, 1, 0).isSameStep(as: place(2, 1, 0)))
        #expect(Timestamp(microseconds: 1_700_000_000_000_007).precise == "2023-11-14T22:13:20.000007Z")
    }
}
