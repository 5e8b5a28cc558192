import FlashSaleKit

/// What moves: the stock as a bar, attempts and sales in a second, the forecast, and what operators have changed.
extension StatusReport {
    /// The bar with its numbers.
    static func stock(_ snapshot: SaleSnapshot, drawsBlocks: Bool) -> [ReportSection] {
        let bar = StockBar(sold: snapshot.sold, held: snapshot.held, free: snapshot.free, unicode: drawsBlocks)
        return [.layout(title: "Stock", bar)]
    }

    /// For instance `free 4,797, held 391, sold 4,812 of 10,000`.
    static func units(_ snapshot: SaleSnapshot) -> String {
        "free \(NumberText.grouped(snapshot.free)), held \(NumberText.grouped(snapshot.held)), "
            + "sold \(NumberText.grouped(snapshot.sold)) of \(NumberText.grouped(snapshot.stock))"
    }

    var movingFacts: [(name: String, value: TableLayout.Cell)] {
        var facts: [(name: String, value: TableLayout.Cell)] = []
        if let forecast { facts.append(("forecast", .init(sentence(forecast)))) }
        if let pace { facts.append(("attempts/s", .init(StatusReport.sentence(pace)))) }
        if let snapshot {
            let changes = changes(snapshot)
            if changes.isEmpty { facts.append(("control", .init("nothing is paused"))) }
            // One a line: none of them may be cut off.
            for (index, change) in changes.enumerated() {
                facts.append((index == 0 ? "control" : "", .init(change, .yellow)))
            }
            if isBrief {
                facts.append(("epoch", .init("\(snapshot.epoch), step \(NumberText.grouped(snapshot.sequence))")))
            }
        }
        return facts
    }

    /// What operators have changed while it sells.
    private func changes(_ snapshot: SaleSnapshot) -> [String] {
        var changes: [String] = []
        if snapshot.checkoutPaused { changes.append("checkouts are paused") }
        if snapshot.purchasePaused { changes.append("purchases are paused") }
        if isLimitLowered(snapshot) {
            changes.append("the limit is lowered from \(sale.terms.userLimit) to \(snapshot.limit) per user")
        }
        if snapshot.bannedUsers > 0 {
            changes.append("\(NumberText.grouped(snapshot.bannedUsers)) banned")
        }
        return changes
    }

    private func isLimitLowered(_ snapshot: SaleSnapshot) -> Bool {
        snapshot.limit > 0 && snapshot.limit < sale.terms.userLimit
    }

    func controlData(_ snapshot: SaleSnapshot) -> DataValue {
        .fields([
            "checkout_paused": .bool(snapshot.checkoutPaused),
            "purchase_paused": .bool(snapshot.purchasePaused),
            "lowered_limit": isLimitLowered(snapshot) ? .integer(snapshot.limit) : .null,
            "banned_users": .integer(snapshot.bannedUsers),
        ])
    }

    static func data(_ pace: AttemptPace) -> DataValue {
        let outcomes = Outcome.allCases.map { outcome in
            DataValue.Field(name: outcome.name, value: .double(StatusReport.rounded(pace.perSecond(outcome))))
        }
        return .fields([
            "window_ms": .integer(Int(pace.seconds * 1000)),
            "attempts_per_second": .double(StatusReport.rounded(pace.perSecond)),
            "outcomes_per_second": .record(outcomes),
        ])
    }

    static func data(_ forecast: SellThrough) -> DataValue {
        func fields(
            _ outcome: String,
            at time: Timestamp? = nil,
            sold: Int? = nil,
            pace: Double? = nil,
            reason: String? = nil
        ) -> DataValue {
            .fields([
                "outcome": .string(outcome),
                "sold_out_at": .optional(time?.rfc3339),
                "sold_at_close": sold.map { .integer($0) } ?? .null,
                "sold_per_second": pace.map { .double(StatusReport.rounded($0)) } ?? .null,
                "reason": .optional(reason),
            ])
        }
        return switch forecast {
        case .soldOut: fields("sold_out")
        case .sellsOut(let time, let pace): fields("sells_out", at: time, pace: pace)
        case .leaves(let sold, let pace): fields("leaves_units", sold: sold, pace: pace)
        case .unknown(let reason): fields("unknown", reason: reason)
        }
    }

    private static func rounded(_ number: Double) -> Double { (number * 100).rounded() / 100 }

    private static func sentence(_ pace: AttemptPace) -> String {
        guard pace.entries > 0 else { return "none in the last \(NumberText.decimal(pace.seconds, digits: 0)) s" }
        let outcomes = Outcome.allCases.map { "\($0.name) \(rate(pace.perSecond($0)))" }.joined(separator: ", ")
        let window = NumberText.decimal(pace.seconds, digits: 1)
        return "\(rate(pace.perSecond)) in the last \(window) s: \(outcomes)"
    }

    private func sentence(_ forecast: SellThrough) -> String {
        let stock = NumberText.grouped(sale.terms.stock)
        return switch forecast {
        case .soldOut: "sold out"
        case .sellsOut(let time, let pace):
            "sold out at \(time.rfc3339.dropFirst(11).prefix(8))Z, at \(StatusReport.rate(pace)) sold/s"
        case .leaves(let sold, let pace):
            "will have sold \(NumberText.grouped(sold)) of \(stock) at the close, at \(StatusReport.rate(pace)) sold/s"
        case .unknown(let reason): "no forecast: \(reason)"
        }
    }

    /// Small rates with digits behind the point, large ones without.
    private static func rate(_ number: Double) -> String {
        NumberText.decimal(number, digits: number < 10 && number > 0 ? 2 : 0)
    }

    var line: String? {
        var parts = ["\(now.rfc3339) sale \(sale.id) \(phaseCell.text)"]
        if let snapshot {
            parts.append(StatusReport.units(snapshot))
            parts += changes(snapshot)
        }
        if let pace { parts.append("attempts/s \(StatusReport.sentence(pace))") }
        if let forecast { parts.append(sentence(forecast)) }
        let waiting = streams.reduce(0) { $0 + $1.backlog.waitingEntries }
        let age = streams.map(\.backlog.seconds).max() ?? 0
        parts.append(
            waiting == 0
                ? "drained" : "\(NumberText.grouped(waiting)) waiting, \(NumberText.decimal(age, digits: 1)) s behind"
        )
        if let snapshot { parts.append("epoch \(snapshot.epoch)") }
        parts += guards.findings.map { "\($0.level.rawValue) \($0.name.rawValue)" }
        return parts.joined(separator: "; ")
    }
}
