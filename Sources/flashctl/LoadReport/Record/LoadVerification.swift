/// What the comparison of our own history with both stores found, as rows of a table.
struct LoadVerification: Sendable, Equatable {
    /// One thing that was checked.
    struct Row: Sendable, Equatable {
        /// For instance `every 200 has one purchase`.
        var name: String
        /// Cases that were looked at.
        var checked: Int
        /// Cases in which it does not hold.
        var violations: Int
        /// The first offenders: hold ids, users, units, or sentences about them. Never codes.
        var offenders: [String] = []
    }

    var rows: [Row] = []
    /// Units sold beyond the stock.
    var oversold = 0

    var violations: Int { rows.reduce(0) { $0 + $1.violations } }
}
