import FlashSaleKit

/// Compares what the server has answered with the rows of Postgres, one row after the other: the rows are not kept.
struct LoadJudge {
    /// A row of `attempts`, with its hold.
    struct AttemptRow: Sendable, Equatable {
        var sale: SaleID
        var user: UserID
        var itemID: Int64
        var outcome: Outcome?
        var holdID: HoldID?
    }

    /// A row of `purchases`.
    struct PurchaseRow: Sendable, Equatable {
        var sale: SaleID
        var unit: Int64
        var user: UserID
        var holdID: HoldID
    }

    /// What a sale promises.
    struct Terms: Sendable, Equatable {
        var stock: Int
        var userLimit: Int
    }

    /// Tells who has sent a request.
    private struct Names {
        let mix: LoadMix
        let runID: String

        func callAsFunction(_ number: Int) -> String { "user \(mix.userID(number, runID: runID)), item \(number + 1)" }
    }

    private let histories: [LoadHistory]
    private let names: Names
    private let userPrefix: [UInt8]
    /// Rows of each checkout: holds in bit 0 and 1, refusals in the bits above.
    private var seen: [[UInt8]]
    /// Holds on record of this run's users, with the request that got them.
    private var recorded: [HoldID: Int] = [:]
    private var attempts = StoreComparison.Check("attempts")
    private var foreign = StoreComparison.Check("attempts never asked for")
    private var holds = StoreComparison.Check("holds")
    private var receipts = StoreComparison.Check("receipts")
    private var stock = StoreComparison.Check("stock")
    private var limits = StoreComparison.Check("limits")
    private var guesses = StoreComparison.Check("guessed codes")
    private var returns = StoreComparison.Check("returns")
    private var bought: [HoldID: PurchaseRow] = [:]
    private var released: Set<HoldID> = []
    private var terms: [SaleID: Terms] = [:]

    /// - Parameter histories: those of all workers, in their order.
    init(_ histories: [LoadHistory], plan: LoadPlan) {
        self.histories = histories
        names = Names(mix: plan.mix, runID: plan.runID)
        userPrefix = Array("\(plan.runID)-".utf8)
        seen = histories.map { Array(repeating: 0, count: $0.marks.count) }
    }

    /// Takes in what a sale promises.
    mutating func take(_ sale: SaleID, _ terms: Terms) { self.terms[sale] = terms }

    /// Takes in a row of `attempts`. Rows of other users than those of this run are left out.
    mutating func take(_ row: AttemptRow) {
        guard row.user.utf8.starts(with: userPrefix) else { return }
        foreign.compared += 1
        let number = Int(row.itemID) - 1
        let worker = number >= 0 ? number % histories.count : 0
        let index = number / histories.count
        guard number >= 0, seen[worker].indices.contains(index), histories[worker][number].isSent,
            names.mix.userID(number, runID: names.runID) == row.user
        else {
            return foreign.violate(
                "user \(row.user), item \(row.itemID): on record in sale \(row.sale), never asked for"
            )
        }
        let isHold = row.outcome == .held
        let count = isHold ? seen[worker][index] & 3 : seen[worker][index] >> 2
        if count < 3 { seen[worker][index] += isHold ? 1 : 4 }
        if let hold = row.holdID { recorded[hold] = number }
        let mark = histories[worker][number]
        let names = names
        if !isHold, mark.refusals > 0, !mark.isMixed, mark.unknown == 0, mark.refusal != row.outcome {
            attempts.violate(
                "\(names(number)): answered \(mark.refusal?.name ?? "-"), on record as \(row.outcome?.name ?? "-")"
            )
        }
    }

    /// Takes in a row of `purchases`.
    mutating func take(_ row: PurchaseRow) { bought[row.holdID] = row }

    /// Takes in a hold that is on record as released.
    mutating func take(released hold: HoldID) { released.insert(hold) }

    /// What came out, when all rows were taken in.
    mutating func checks() -> [StoreComparison.Check] {
        for (worker, history) in histories.enumerated() {
            for number in history.numbers where history[number].isSent {
                judge(number, history[number], seen[worker][number / histories.count])
            }
        }
        judgeHolds()
        judgeReceipts()
        judgeStock()
        for history in histories {
            guesses.compared += history.guesses
            if history.goodGuesses > 0 {
                guesses.violate("\(history.goodGuesses) made-up codes were good", times: history.goodGuesses)
            }
            for hold in history.released {
                returns.compared += 1
                if !released.contains(hold) { returns.violate("hold \(hold): its return is not on record") }
            }
        }
        return [attempts, foreign, holds, receipts, stock, limits, guesses, returns]
    }

    /// Each decision is on record once; what nobody knows, at most once.
    private mutating func judge(_ number: Int, _ mark: LoadHistory.Mark, _ rows: UInt8) {
        attempts.compared += 1
        let (held, refused) = (Int(rows & 3), Int(rows >> 2))
        let decided = (mark.isHeld ? 1 : 0) + mark.refusals
        let places = "\(names(number)): \(held + refused) times on record, \(decided) times decided"
        if mark.isHeld ? held != 1 : held > min(mark.unknown, 1) {
            attempts.violate("\(places); its hold is there \(held) times")
        } else if refused < mark.refusals {
            attempts.violate("\(places); a refusal is missing")
        } else if held + refused > decided + mark.unknown {
            attempts.violate("\(places); \(mark.unknown) answers are unknown")
        }
    }

    /// Each hold that was answered is on record for that request, and was answered to no other.
    private mutating func judgeHolds() {
        let names = names
        var owners: [HoldID: Int] = [:]
        for history in histories {
            for held in history.holds {
                holds.compared += 1
                if let other = owners.updateValue(held.number, forKey: held.holdID), other != held.number {
                    holds.violate("hold \(held.holdID): given to \(names(other)) and to \(names(held.number))")
                }
                switch recorded[held.holdID] {
                case held.number: break
                case nil: holds.violate("hold \(held.holdID) of \(names(held.number)): not on record")
                case let other?:
                    holds.violate("hold \(held.holdID) of \(names(held.number)): on record of \(names(other))")
                }
            }
            if history.unreadable > 0 {
                holds.violate("\(history.unreadable) answers lack a code or a unit", times: history.unreadable)
            }
        }
    }

    /// Each receipt has its row with that unit, and no unit is on two of them.
    private mutating func judgeReceipts() {
        struct Unit: Hashable {
            var sale: Int64
            var number: Int64
        }
        var owners: [Unit: HoldID] = [:]
        for receipt in histories.flatMap(\.receipts) {
            receipts.compared += 1
            let unit = Unit(sale: receipt.sale, number: receipt.unit)
            if let other = owners.updateValue(receipt.holdID, forKey: unit), other != receipt.holdID {
                receipts.violate(
                    "unit \(receipt.unit) of sale \(receipt.sale): sold to holds \(other) and \(receipt.holdID)"
                )
            }
            guard let row = bought[receipt.holdID] else {
                receipts.violate("hold \(receipt.holdID): receipt for unit \(receipt.unit), but no purchase on record")
                continue
            }
            if row.unit != receipt.unit || row.sale.rawValue != receipt.sale {
                receipts.violate(
                    "hold \(receipt.holdID): receipt for unit \(receipt.unit) of sale \(receipt.sale), "
                        + "on record with unit \(row.unit) of sale \(row.sale)"
                )
            }
        }
    }

    /// No sale gave out more than it has, and no user got more than the limit.
    private mutating func judgeStock() {
        var told: [SaleID: Set<Int64>] = [:]
        for receipt in histories.flatMap(\.receipts) {
            if let sale = SaleID(receipt.sale) { told[sale, default: []].insert(receipt.unit) }
        }
        for (sale, units) in told.sorted(by: { $0.key < $1.key }) {
            stock.compared += units.count
            guard let terms = terms[sale] else { continue }
            let beyond = units.filter { $0 < 1 || $0 > Int64(terms.stock) }
            if let first = beyond.min() {
                stock.violate("sale \(sale): unit \(first) of a stock of \(terms.stock) was sold", times: beyond.count)
            }
        }
        var users: [SaleID: [UserID: Int]] = [:]
        for row in bought.values where row.user.utf8.starts(with: userPrefix) {
            users[row.sale, default: [:]][row.user, default: 0] += 1
        }
        for (sale, counts) in users.sorted(by: { $0.key < $1.key }) {
            limits.compared += counts.count
            guard let terms = terms[sale] else { continue }
            for (user, count) in counts.sorted(by: { $0.key < $1.key }) where count > terms.userLimit {
                limits.violate("user \(user) bought \(count) units of sale \(sale), the limit is \(terms.userLimit)")
            }
        }
    }
}
