/// Compares what the clients were told with what the tables say. One sentence for each broken promise.
struct Promises {
    /// A loss of Redis data: what was decided behind the last record of its stream and asked for before `to` may be
    /// missing. The two streams are drained apart: of one checkout the attempt can be lost, or the hold.
    struct Loss: Sendable, Equatable {
        /// Microseconds since 1970: the last attempt that was in Postgres before the data was destroyed.
        let from: Int64
        /// The same of the ledger.
        let holdsFrom: Int64
        /// When the damage began.
        let at: Int64
        /// When the damage was done.
        var to: Int64
        /// How long before `at` something may have been decided and still not be in Postgres.
        var allowance = Loss.usualAllowance

        /// A drain that is not hindered is much less than a second behind; on a busy machine some seconds, never more.
        static let usualAllowance: Int64 = 5_000_000
    }

    struct Verdict: Sendable, Equatable {
        var violations: [String] = []
        var answered = 0
        /// Attempts that were answered and are missing, all within a loss.
        var lostAttempts = 0
        /// Answered holds and releases, and purchases answered 202, of which the row of the ledger is missing.
        var lostRows = 0
        /// How long before its loss the oldest of them was answered, in microseconds.
        var window: Int64 = 0
    }

    let operations: [Operation]
    let books: Books
    let losses: [Loss]

    func verdict() -> Verdict {
        var verdict = Verdict()
        checkUnits(&verdict)
        checkLedger(&verdict)
        checkAttempts(&verdict)
        checkReceipts(&verdict)
        checkCodes(&verdict)
        if books.deadLetters > 0 { verdict.violations.append("\(books.deadLetters) rows are in dead_letter") }
        return verdict
    }

    /// The loss of Redis data with which a record may have gone of what was asked for at `sent`, answered at `ended`.
    func loss(from: KeyPath<Loss, Int64>, sent: Int64, ended: Int64) -> Loss? {
        losses.filter { ended >= $0[keyPath: from] && sent <= $0.to }.min { abs($0.at - ended) < abs($1.at - ended) }
    }

    /// Judges a record that is missing: `broken` is said unless it went with Redis data, and soon enough.
    func missing(
        _ operation: Operation,
        from: KeyPath<Loss, Int64>,
        askedAt: Int64? = nil,
        _ broken: String,
        _ verdict: inout Verdict
    ) {
        let loss = loss(from: from, sent: askedAt ?? operation.sentAt, ended: operation.endedAt)
        guard let loss else { return verdict.violations.append("\(broken) \(operation)") }
        if from == \.from { verdict.lostAttempts += 1 } else { verdict.lostRows += 1 }
        // What was answered while the data was destroyed has no age.
        let age = max(0, loss.at - operation.endedAt)
        verdict.window = max(verdict.window, age)
        if age > loss.allowance {
            verdict.violations.append("\(broken) \(operation), answered \(age / 1000) ms before the loss of data")
        }
    }

    // MARK: Units and limits

    private func checkUnits(_ verdict: inout Verdict) {
        for sale in books.sales {
            let sold = books.purchases.filter { $0.sale == sale.id }
            let units = sold.map(\.unit)
            if Set(units).count != units.count { verdict.violations.append("sale \(sale.id) sold a unit twice") }
            if Set(sold.map(\.hold)).count != sold.count {
                verdict.violations.append("sale \(sale.id): a hold bought twice")
            }
            if units.count > sale.stock {
                verdict.violations.append("sale \(sale.id) sold \(units.count) of \(sale.stock) units")
            }
            if let last = units.max(), last != units.count {
                verdict.violations.append("sale \(sale.id) sold \(units.count) units up to number \(last)")
            }
            let most = Dictionary(grouping: sold, by: \.user).max { $0.value.count < $1.value.count }
            if let most, most.value.count > sale.limit {
                verdict.violations.append("user \(most.key) bought \(most.value.count) units of sale \(sale.id)")
            }
        }
    }

    /// Plays the ledger back: at no point may more be held and sold than there is, or than a user may have.
    private func checkLedger(_ verdict: inout Verdict) {
        for sale in books.sales {
            var live: [String: String] = [:]
            var ended: Set<String> = []
            var taken: [String: Int] = [:]
            var all = 0
            var sold: Set<String> = []
            for row in books.ledger where row.sale == sale.id {
                let what = "sale \(sale.id), hold \(row.hold) of \(row.user), item \(row.item)"
                if row.kind == "held" {
                    if live[row.hold] != nil || ended.contains(row.hold) {
                        verdict.violations.append("\(what): held twice")
                    }
                    live[row.hold] = row.user
                    taken[row.user, default: 0] += 1
                    all += 1
                    if all > sale.stock { verdict.violations.append("\(what): \(all) held and sold") }
                    if taken[row.user, default: 0] > sale.limit {
                        verdict.violations.append("\(what): the user has \(taken[row.user, default: 0])")
                    }
                    continue
                }
                if live.removeValue(forKey: row.hold) != row.user {
                    verdict.violations.append("\(what): \(row.kind), but not held")
                }
                ended.insert(row.hold)
                if row.kind == "purchased" {
                    sold.insert(row.hold)
                } else {
                    taken[row.user, default: 0] -= 1
                    all -= 1
                }
            }
            let bought = Set(books.purchases.filter { $0.sale == sale.id }.map(\.hold))
            if bought != sold {
                verdict.violations.append(
                    "sale \(sale.id): \(sold.count) purchases in the ledger, \(bought.count) in their table"
                )
            }
        }
    }

    // MARK: Attempts

    private func checkAttempts(_ verdict: inout Verdict) {
        if Set(books.attempts.map { "\($0.sale)/\($0.key)" }).count != books.attempts.count {
            verdict.violations.append("two attempts have the same sale, epoch, seq and idx")
        }
        let rows = Dictionary(grouping: books.attempts, by: \.item)
        let held = Dictionary(grouping: books.crowdLedger.filter { $0.kind == "held" }, by: \.item)
        for (item, _) in rows where !operations.indices.contains(item - 1) || operations[item - 1].kind != .checkout {
            verdict.violations.append("an attempt with item \(item) was never asked for")
        }
        for operation in operations where operation.kind == .checkout {
            check(operation, rows[operation.number] ?? [], held[operation.number] ?? [], &verdict)
        }
    }

    private func check(
        _ operation: Operation,
        _ rows: [Books.AttemptRow],
        _ held: [Books.LedgerRow],
        _ verdict: inout Verdict
    ) {
        let decision = operation.decision
        if decision != nil { verdict.answered += 1 }
        let isRepeat = decision == "H" && operation.gotItem != operation.number
        var wanted = decision
        if isRepeat {
            wanted = nil
            // The hold of an earlier request with the same key: that one is on record, this one is not.
            let earlier = operation.gotItem.flatMap { operations.indices.contains($0 - 1) ? operations[$0 - 1] : nil }
            if earlier?.user != operation.user || operation.key == nil || earlier?.key != operation.key {
                verdict.violations.append("\(operation) was given the hold of somebody else")
            }
        }
        if rows.contains(where: { $0.user != operation.user || (wanted ?? $0.outcome) != $0.outcome }) {
            verdict.violations.append("\(rows) is on record for \(operation)")
        }
        if rows.count > 1 { verdict.violations.append("\(rows.count) attempts are on record for \(operation)") }
        if held.count > 1 { verdict.violations.append("\(held.count) holds are in the ledger for \(operation)") }
        if operation.answer == .refused || isRepeat, !rows.isEmpty || !held.isEmpty {
            verdict.violations.append("\(rows) is on record for \(operation), which was not decided")
        }
        checkSale(operation, rows, held, &verdict)
        if wanted != nil, rows.isEmpty { missing(operation, from: \.from, "no attempt is on record for", &verdict) }
        if wanted == "H", held.isEmpty { missing(operation, from: \.holdsFrom, "no hold is on record for", &verdict) }
    }

    /// What was taken from one sale is on record for that sale.
    private func checkSale(
        _ operation: Operation,
        _ rows: [Books.AttemptRow],
        _ held: [Books.LedgerRow],
        _ verdict: inout Verdict
    ) {
        var sales = Set(rows.map(\.sale) + held.map(\.sale))
        if operation.gotItem == operation.number, let sale = operation.gotSale { sales.insert(sale) }
        if sales.count > 1 {
            verdict.violations.append("\(sales.count) sales have a part of \(operation): \(sales.sorted())")
        }
    }

    // MARK: Receipts

    private func checkReceipts(_ verdict: inout Verdict) {
        let sold = Dictionary(grouping: books.purchases, by: \.item)
        var units: [String: String] = [:]
        var codes: [String: String] = [:]
        // A key asked for again after its hold was lost gives the same code for another item.
        let issued = Dictionary(grouping: operations.filter { $0.gotCode != nil }) { $0.gotCode ?? "" }
        for operation in operations where operation.kind != .checkout {
            if operation.kind == .guess {
                if let status = operation.status, status < 400 {
                    verdict.violations.append("a guessed code was good: \(operation)")
                }
                continue
            }
            guard operation.isReceipt else { continue }
            guard let item = operation.gotItem, let sale = operation.gotSale, let unit = operation.gotUnit else {
                verdict.violations.append("a receipt without item, sale and unit: \(operation)")
                continue
            }
            let matches = sold[item] ?? []
            let isRight =
                matches.count == 1 && matches[0].unit == unit && matches[0].sale == sale
                && matches[0].user == operation.user
            if !isRight { verdict.violations.append("\(matches) is in purchases for \(operation)") }
            if !(issued[operation.code] ?? []).contains(where: { $0.gotItem == item && $0.user == operation.user }) {
                verdict.violations.append("the receipt is for another item than the code: \(operation)")
            }
            let name = "\(sale)/\(unit)"
            if let other = units.updateValue(name, forKey: operation.code), other != name {
                verdict.violations.append("a code bought \(other), then \(name): \(operation)")
            }
            if let other = codes.updateValue(operation.code, forKey: name), other != operation.code {
                verdict.violations.append("unit \(name) was sold for two codes: \(operation)")
            }
        }
    }
}
