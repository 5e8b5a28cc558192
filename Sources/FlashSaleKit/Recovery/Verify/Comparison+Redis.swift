/// The conditions on the keys in Redis.
extension Comparison {
    func units(_ contents: RedisContents) -> Invariant {
        var invariant = Invariant(.units, saleID)
        let counters = ["free", "held", "sold", "stock"].map { contents.number($0) ?? -1 }
        let (free, held, sold, stock) = (counters[0], counters[1], counters[2], counters[3])
        for (name, value) in zip(["free", "held", "sold", "stock"], counters) { invariant.figure(name, value) }
        let key = SaleKeys(saleID).sale
        invariant.require(
            counters.allSatisfy { $0 >= 0 },
            "\(key) in Redis has a counter below 0 or none: free \(free), held \(held), sold \(sold)"
        )
        invariant.require(
            free + held + sold == stock,
            "\(key) in Redis: \(free) free + \(held) held + \(sold) sold is not the stock of \(stock)"
        )
        let (open, bought) = (Int64(fold.open.count), Int64(fold.sold.count))
        invariant.require(held == open, "\(key) in Redis counts \(held) held, the ledger has \(open) open holds")
        invariant.require(sold == bought, "\(key) in Redis counts \(sold) sold, the ledger has \(bought) purchases")
        let left = recount.stock - open - bought
        invariant.require(free == left, "\(key) in Redis counts \(free) free, the ledger leaves \(left)")
        invariant.require(left >= 0, "sale \(saleID) is oversold by \(-left): more is held and sold than its stock")
        return invariant
    }

    func holds(_ contents: RedisContents) -> Invariant {
        var invariant = Invariant(.holds, saleID)
        let open = contents.holds.filter(\.value.isOpen)
        invariant.figure("open in the ledger", fold.open.count)
        invariant.figure("open in Redis", open.count)
        for id in Comparison.keys(fold.open, open) {
            switch (fold.open[id], open[id]) {
            case (let hold?, nil):
                let more = contents.holds[id] == nil ? "" : " as open, but as ended"
                invariant.violate(
                    "hold \(id) of user '\(hold.user)' is open in the ledger of sale \(saleID), but Redis does not "
                        + "have it\(more)",
                    hold: id,
                    user: hold.user
                )
            case (nil, let hold?):
                invariant.violate(
                    "Redis has hold \(id) of user '\(hold.user)' in sale \(saleID), which \(ended(id))",
                    hold: id,
                    user: hold.user
                )
            case (let left?, let right?): compare(id, left, right, &invariant)
            case (nil, nil): break
            }
        }
        remembered(contents, &invariant)
        // Their buyers were told that the outcome is unknown: such a hold would be a unit that nobody can buy.
        for id in contents.settled.sorted(by: HoldID.inReportOrder) {
            guard let hold = open[id] else { continue }
            invariant.violate(
                "hold \(id) of user '\(hold.user)' of sale \(saleID) is open in Redis though it was settled",
                hold: id,
                user: hold.user
            )
        }
        return invariant
    }

    private func ended(_ id: HoldID) -> String {
        if let sold = fold.sold[id] { return "the ledger says was bought as unit \(sold.unit)" }
        return fold.remembered[id] == nil ? "is not open in its ledger" : "the ledger says has ended"
    }

    private func compare(
        _ id: HoldID,
        _ left: LedgerFold.Hold,
        _ right: RedisContents.Hold,
        _ invariant: inout Invariant
    ) {
        var fields: [String] = []
        if left.user != right.user { fields.append("user '\(right.user)'") }
        if left.item != right.item { fields.append("item \(right.item)") }
        if left.keyed != (right.keyed == UInt8(ascii: "1")) { fields.append("mark of an Idempotency-Key") }
        if left.deadline != right.deadline,
            !isExtended(right.deadline, beyond: left.deadline, epoch: left.epoch)
        {
            fields.append("deadline \(right.deadline) instead of \(left.deadline)")
        }
        if fields.isEmpty { return }
        invariant.violate(
            "hold \(id) of user '\(left.user)' of sale \(saleID) is another one in Redis than in the ledger: "
                + fields.joined(separator: ", "),
            hold: id,
            user: left.user
        )
    }

    /// What an Idempotency-Key was answered must not be forgotten: asked again, it would begin the same hold twice.
    private func remembered(_ contents: RedisContents, _ invariant: inout Invariant) {
        let known = contents.holds.filter { !$0.value.isOpen }
        invariant.figure("remembered", known.count)
        for id in Comparison.keys(fold.remembered, known) {
            let (left, right) = (fold.remembered[id], known[id])
            // Where the two lists of open holds differ, that is said already.
            if contents.holds[id]?.isOpen == true || (left == nil && fold.open[id] != nil) { continue }
            if let left, let right, left.user == right.user, left.item == right.item { continue }
            let user = left?.user ?? right?.user
            invariant.violate(
                left == nil
                    ? "Redis remembers hold \(id) of user '\(user ?? .empty)' in sale \(saleID), which the ledger does "
                        + "not have as an ended one with an Idempotency-Key"
                    : "Redis has forgotten hold \(id) of user '\(user ?? .empty)' in sale \(saleID), which had an "
                        + "Idempotency-Key",
                hold: id,
                user: user
            )
        }
    }

    func deadlines(_ contents: RedisContents) -> Invariant {
        var invariant = Invariant(.deadlines, saleID)
        let open = contents.holds.filter(\.value.isOpen)
        invariant.figure("deadlines", contents.deadlines.count)
        for id in Comparison.keys(open, contents.deadlines) where open[id]?.deadline != contents.deadlines[id] {
            let (left, right) = (open[id]?.deadline, contents.deadlines[id])
            invariant.violate(
                "the deadline of hold \(id) of sale \(saleID) in Redis is \(right.map(String.init) ?? "missing"), in "
                    + "the hold it is \(left.map(String.init) ?? "missing")",
                hold: id,
                user: contents.holds[id]?.user
            )
        }
        return invariant
    }

    func users(_ contents: RedisContents) -> Invariant {
        var invariant = Invariant(.users, saleID)
        let (all, bought) = fold.unitsByUser()
        invariant.figure("users", all.count)
        for (name, left, right) in [
            ("units", all, contents.users), ("bought units", bought, contents.bought),
        ] {
            for user in Set(left.keys).union(right.keys).sorted() where left[user] != right[user] {
                invariant.violate(
                    "user '\(user)' of sale \(saleID) has \(right[user] ?? 0) \(name) in Redis and \(left[user] ?? 0) "
                        + "in the ledger",
                    user: user
                )
            }
        }
        for (user, units) in all.sorted(by: { $0.key < $1.key }) where units > recount.userLimit {
            invariant.violate(
                "user '\(user)' of sale \(saleID) has \(units) units, the limit is \(recount.userLimit)",
                user: user
            )
        }
        return invariant
    }

    func receipts(_ contents: RedisContents) -> Invariant {
        var invariant = Invariant(.receipts, saleID)
        invariant.figure("purchased in the ledger", fold.sold.count)
        invariant.figure("receipts", contents.receipts.count)
        for id in Comparison.keys(fold.sold, contents.receipts) {
            switch (fold.sold[id], contents.receipts[id]) {
            case (let sold?, nil):
                invariant.violate(
                    "unit \(sold.unit) of sale \(saleID), hold \(id) of user '\(sold.user)', is bought in the ledger "
                        + "but has no receipt in Redis",
                    hold: id,
                    user: sold.user,
                    unit: sold.unit
                )
            case (nil, let receipt?):
                invariant.violate(
                    "Redis has a receipt for unit \(receipt.unit) of sale \(saleID), hold \(id) of user "
                        + "'\(receipt.user)', which the ledger does not have as bought",
                    hold: id,
                    user: receipt.user,
                    unit: receipt.unit
                )
            case (let sold?, let receipt?): compare(id, sold, receipt, &invariant)
            case (nil, nil): break
            }
        }
        return invariant
    }

    private func compare(
        _ id: HoldID,
        _ sold: LedgerFold.Sold,
        _ receipt: RedisContents.Receipt,
        _ invariant: inout Invariant
    ) {
        var fields: [String] = []
        if sold.unit != receipt.unit { fields.append("unit \(receipt.unit)") }
        if sold.slot != receipt.slot { fields.append("number \(receipt.slot) of the user") }
        if sold.user != receipt.user { fields.append("user '\(receipt.user)'") }
        if sold.item != receipt.item { fields.append("item \(receipt.item)") }
        if sold.ticket != receipt.ticket { fields.append("ticket") }
        if sold.time != receipt.time { fields.append("time \(receipt.time)") }
        if let deadline = sold.deadline, deadline != receipt.deadline,
            !isExtended(receipt.deadline, beyond: deadline, epoch: sold.holdEpoch)
        {
            fields.append("deadline \(receipt.deadline)")
        }
        if fields.isEmpty { return }
        invariant.violate(
            "the receipt for unit \(sold.unit) of sale \(saleID), hold \(id) of user '\(sold.user)', is another one in "
                + "Redis than in the ledger: \(fields.joined(separator: ", "))",
            hold: id,
            user: sold.user,
            unit: sold.unit
        )
    }

    /// The ids in which two tables may differ, in a fixed order.
    static func keys<Left, Right>(_ left: [HoldID: Left], _ right: [HoldID: Right]) -> [HoldID] {
        var all = Array(left.keys)
        all += right.keys.lazy.filter { left[$0] == nil }
        return all.sorted(by: HoldID.inReportOrder)
    }
}
