import FlashSaleKit

/// What `seed-sale` found and did, or would do.
struct SeedReport: Report, Sendable {
    /// What became of the wish.
    enum Result: Sendable, Equatable {
        case created(Sale)
        case same(Sale)
        case differs(Sale, [TermDifference])
        /// The first one gave way to the second.
        case replaced(SaleID, [TermDifference], Sale)
        case planned(SeedPlan)
    }

    var result: Result

    /// Whether the sale that was asked for is not there and is not going to be.
    var isRefused: Bool {
        switch result {
        case .differs, .planned(.differs): true
        default: false
        }
    }

    var data: DataValue {
        var replaced: SaleID?
        var sale = DataValue.null
        switch result {
        case .created(let new), .same(let new), .differs(let new, _), .planned(.same(let new)),
            .planned(.differs(let new, _)):
            sale = SaleReport.data(new)
        case .replaced(let old, _, let new): (replaced, sale) = (old, SaleReport.data(new))
        case .planned(.create(let terms)): sale = SaleReport.data(terms)
        case .planned(.replace(let old, _, let terms, _)): (replaced, sale) = (old.id, SaleReport.data(terms))
        }
        return .fields([
            "result": .string(name),
            "sale": sale,
            "replaces": replaced.map { .integer($0.rawValue) } ?? .null,
            "obstacle": .optional(obstacle),
            "differences": .list(
                differences.map { difference in
                    .fields([
                        "field": .string(difference.field),
                        "existing": .string(difference.existing),
                        "wanted": .string(difference.wanted),
                    ])
                }
            ),
        ])
    }

    var sections: [ReportSection] {
        switch result {
        case .created(let sale):
            return [.paragraph("created sale \(sale.id)"), .facts(title: nil, SaleReport.facts(sale))]
        case .same(let sale), .planned(.same(let sale)):
            let state = sale.finishedAt == nil ? "" : " and is finished"
            return [.paragraph("sale \(sale.id) exists with exactly these terms\(state); nothing was changed")]
        case .differs(let sale, _), .planned(.differs(let sale, _)):
            return [
                .paragraph(
                    "sale \(sale.id) starts at \(sale.terms.opensAt.rfc3339) already, with other terms; "
                        + "nothing was changed"
                ), comparison,
            ]
        case .replaced(let old, _, let sale):
            return [
                .paragraph("sale \(sale.id) has replaced sale \(old), which is withdrawn"), comparison,
                .facts(title: nil, SaleReport.facts(sale)),
            ]
        case .planned(.create(let terms)):
            return [
                .paragraph("this sale would be created; nothing was changed"),
                .facts(title: nil, SaleReport.facts(terms)),
            ]
        case .planned(.replace(let sale, _, _, let obstacle)):
            let plan = obstacle.map { "cannot be replaced: \($0)" } ?? "would be withdrawn and replaced"
            return [.paragraph("sale \(sale.id) \(plan); nothing was changed"), comparison]
        }
    }

    private var comparison: ReportSection {
        let rows = differences.map { difference -> [TableLayout.Cell] in
            [.init(difference.field), .init(difference.existing), .init(difference.wanted, .yellow)]
        }
        let layout = TableLayout(columns: [.init("term"), .init("exists"), .init("asked for")], rows: rows)
        return .table(title: nil, layout)
    }

    private var name: String {
        switch result {
        case .created: "created"
        case .same, .planned(.same): "same"
        case .differs, .planned(.differs): "differs"
        case .replaced: "replaced"
        case .planned(.create): "would_create"
        case .planned(.replace(_, _, _, let obstacle)): obstacle == nil ? "would_replace" : "cannot_replace"
        }
    }

    private var obstacle: String? {
        if case .planned(.replace(_, _, _, let obstacle)) = result { return obstacle }
        return nil
    }

    private var differences: [TermDifference] {
        switch result {
        case .differs(_, let found), .replaced(_, let found, _), .planned(.differs(_, let found)),
            .planned(.replace(_, let found, _, _)):
            found
        case .created, .same, .planned(.create), .planned(.same): []
        }
    }
}
