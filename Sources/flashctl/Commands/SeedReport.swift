import FlashSaleKit

/// What `seed-sale` found and did.
struct SeedReport: Report, Sendable {
    var result: SeedResult

    var data: DataValue {
        .fields([
            "result": .string(name),
            "sale": SaleReport.data(result.sale),
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
        let sale = result.sale
        switch result {
        case .created: return [.paragraph("created sale \(sale.id)"), .facts(title: nil, SaleReport.facts(sale))]
        case .same:
            let state = sale.finishedAt == nil ? "" : " and is finished"
            return [.paragraph("sale \(sale.id) exists with exactly these terms\(state); nothing was changed")]
        case .differs:
            let rows = differences.map { difference -> [TableLayout.Cell] in
                [.init(difference.field), .init(difference.existing), .init(difference.wanted, .yellow)]
            }
            return [
                .paragraph(
                    "sale \(sale.id) starts at \(sale.terms.opensAt.rfc3339) already, with other terms; "
                        + "nothing was changed"
                ),
                .table(
                    title: nil,
                    TableLayout(columns: [.init("term"), .init("exists"), .init("asked for")], rows: rows)
                ),
            ]
        }
    }

    private var name: String {
        switch result {
        case .created: "created"
        case .same: "same"
        case .differs: "differs"
        }
    }

    private var differences: [TermDifference] {
        if case .differs(_, let differences) = result { return differences }
        return []
    }
}
