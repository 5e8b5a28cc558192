import FlashSaleKit

/// What came out when the answers of a load test were compared with the stores.
struct StoreComparison: Sendable, Equatable {
    /// One promise.
    struct Check: Sendable, Equatable {
        var name: String
        /// What was looked at.
        var compared = 0
        var violations = 0
        /// The first of the violations, as sentences with hold ids, users and units.
        var examples: [String] = []

        init(_ name: String) { self.name = name }

        mutating func violate(_ sentence: @autoclosure () -> String, times: Int = 1) {
            violations += times
            if examples.count < StoreComparison.mostExamples { examples.append(sentence()) }
        }
    }

    /// Violations of a check that are spelled out.
    static let mostExamples = 10

    var checks: [Check] = []
    /// Journal entries that had not reached Postgres when the patience was over.
    var undrained = 0
    /// What `flashctl verify` found in the same sales.
    var sales: [VerificationReport] = []

    /// All of them, those of `flashctl verify` included.
    var violations: Int {
        checks.reduce(0) { $0 + $1.violations } + sales.reduce(0) { $0 + $1.violations }
    }

    /// Whether more units were given out than there are, to somebody or to anybody.
    var oversold: Int { checks.filter { $0.name == "stock" || $0.name == "receipts" }.reduce(0) { $0 + $1.violations } }

    var data: DataValue {
        .fields([
            "ok": .bool(violations == 0),
            "violations": .integer(violations),
            "undrained_entries": .integer(undrained),
            "checks": .list(
                checks.map { check in
                    .fields([
                        "name": .string(check.name), "compared": .integer(check.compared),
                        "violations": .integer(check.violations),
                        "examples": .list(check.examples.map { .string($0) }),
                    ])
                }
            ),
            "sales": VerifyReport(sales: sales).data,
        ])
    }

    var sections: [ReportSection] {
        var rows = checks.map { check -> [TableLayout.Cell] in
            StoreComparison.row(check.name, check.compared, check.violations)
        }
        for sale in sales {
            rows.append(
                StoreComparison.row("verify of sale \(sale.saleID)", sale.invariants.count, sale.violations)
            )
        }
        let columns: [TableLayout.Column] = [.init("result"), .init("check"), .init("compared", .right)]
        var sections: [ReportSection] = [
            .table(title: "answers compared with the stores", TableLayout(columns: columns, rows: rows))
        ]
        for check in checks where check.violations > 0 {
            var lines = ["\(check.name): \(NumberText.grouped(check.violations)) violated"]
            lines += check.examples.map { "  \(DisplayWidth.harmless($0))" }
            let rest = check.violations - check.examples.count
            if rest > 0 { lines.append("  and \(NumberText.grouped(rest)) more") }
            sections.append(.paragraph(lines.joined(separator: "\n")))
        }
        let broken = VerifyReport(sales: sales.filter { $0.violations > 0 })
        if !broken.sales.isEmpty { sections += broken.sections }
        return sections
    }

    private static func row(_ name: String, _ compared: Int, _ violations: Int) -> [TableLayout.Cell] {
        let result: TableLayout.Cell =
            violations == 0 ? .init("ok", .green) : .init("\(NumberText.grouped(violations)) violated", .red)
        return [result, .init(name), .init(NumberText.grouped(compared))]
    }
}
