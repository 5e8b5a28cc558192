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

    /// As it is reported, row by row.
    var verification: LoadVerification {
        let ours = checks.map { check in
            LoadVerification.Row(
                name: check.name,
                checked: check.compared,
                violations: check.violations,
                offenders: check.examples
            )
        }
        let theirs = sales.map { sale in
            LoadVerification.Row(
                name: "verify of sale \(sale.saleID)",
                checked: sale.invariants.count,
                violations: sale.violations,
                offenders: sale.findings.prefix(StoreComparison.mostExamples).map(\.sentence)
            )
        }
        return LoadVerification(rows: ours + theirs, oversold: oversold)
    }
}
