/// The index by which one user is found among the attempts of a sale that sells: for every 16 blocks of the table a
/// filter of the users in them (BRIN with `text_bloom_ops`), and the steps. COPY only sees that its blocks have none
/// yet; what it has written is summarized now and then.
actor AttemptsBlocks {
    /// Rows after which they are summarized. What is not yet has to be read by whoever looks for a user.
    private let rowsBetween: Int
    private var rows: [SaleID: Int] = [:]

    init(rowsBetween: Int = 100_000) {
        self.rowsBetween = rowsBetween
    }

    /// Name of the index of a sale.
    static func index(of saleID: SaleID) -> String { AttemptsBatch.partition(of: saleID) + "_blocks" }

    /// Makes it; `m0003_lookups.sql` does the same for the sales of its time.
    static func creation(for saleID: SaleID) -> SQL {
        """
        create index if not exists \(identifier: index(of: saleID)) on
            \(identifier: AttemptsBatch.partition(of: saleID)) using brin (
            user_id text_bloom_ops (n_distinct_per_range = 1600, false_positive_rate = 0.002), seq)
        with (pages_per_range = 16)
        """
    }

    /// Counts rows that were written.
    func wrote(_ count: Int, to saleID: SaleID) {
        rows[saleID, default: 0] += count
    }

    /// Summarizes what was written, when it is time to. It is only about speed: what Postgres refuses, because another
    /// drainer or a vacuum is at the table, or because it belongs to another role, is left for the next time.
    func summarize(_ saleID: SaleID, on postgres: PostgresConnection) async throws {
        guard rows[saleID, default: 0] >= rowsBetween else { return }
        rows[saleID] = 0
        let options = TransactionOptions(statementTimeout: .seconds(30), lockTimeout: .milliseconds(50))
        do {
            try await postgres.transaction(options) { session in
                try session.query(
                    "select brin_summarize_new_values(to_regclass(\(AttemptsBlocks.index(of: saleID))))"
                )
            }
        } catch let error as PostgresError where error.sqlState != nil && postgres.isUsable {
            return
        }
    }
}
