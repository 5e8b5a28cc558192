/// Attempts of a sale in their total order, one by one and without keeping them.
public struct AttemptsExport: Sendable {
    /// An attempt on record.
    public struct Attempt: Sendable, Equatable {
        /// Where it stands.
        public let place: RecordPosition
        /// When Redis decided it.
        public let at: Timestamp
        /// Who asked.
        public let user: UserID
        /// For which item.
        public let itemID: Int64
        /// What was decided; nil for a letter that is no outcome.
        public let outcome: Outcome?
        /// The hold that it got.
        public let holdID: HoldID?
    }

    /// Which attempts are wanted.
    public struct Filter: Sendable, Equatable {
        /// Only those of this user.
        public var user: UserID?
        /// Only those with this outcome.
        public var outcome: Outcome?
        /// From this time on.
        public var since: Timestamp?
        /// Before this time.
        public var until: Timestamp?

        /// All of them.
        public init() {}

        fileprivate func admits(_ row: AttemptRow) -> Bool {
            if let outcome, row.letter != outcome.rawValue { return false }
            if let since, row.at < since { return false }
            if let until, row.at >= until { return false }
            return user == nil || row.user == user
        }
    }

    /// A reader of the output may stand still for so long.
    private static let patience = "10min"

    /// Hands out the attempts that are wanted, in one snapshot; returns how many they were.
    ///
    /// - Parameters:
    ///   - progress: called now and then with the rows read and the rows there are, about.
    ///   - body: what it throws ends the export.
    public static func run(
        _ sale: SaleID,
        _ filter: Filter,
        on postgres: PostgresConnection,
        progress: @escaping @Sendable (_ rows: Int, _ total: Int) -> Void = { _, _ in },
        _ body: @escaping @Sendable (Attempt) throws -> Void
    ) async throws -> Int {
        let options = TransactionOptions(
            isolation: .repeatableRead,
            readOnly: true,
            statementTimeout: ReplayAudit.statementTimeout
        )
        return try await postgres.transaction(options) { session in
            try session.query("set local idle_in_transaction_session_timeout = \(literal: patience)")
            let row = try session.query(
                "select sum(drained_rows)::bigint as n from journal_cursor where sale_id = \(sale)"
            ).one()
            let total = try row["n"].optional?.int ?? 0
            try SaleRecordReader.declare(sale, lasting: false, in: session)
            var reader = SaleRecordReader()
            try reader.begin(session)
            var written = 0
            var reported = 0
            while let entry = try reader.next(session) {
                if reader.taken - reported >= 5000 {
                    reported = reader.taken
                    try Task.checkCancellation()
                    progress(reported, max(total, reported))
                }
                guard case .attempt(let attempt, let hold) = entry, filter.admits(attempt) else { continue }
                written += 1
                try body(
                    Attempt(
                        place: attempt.place,
                        at: attempt.at,
                        user: attempt.user,
                        itemID: attempt.item,
                        outcome: attempt.outcome,
                        holdID: hold?.holdID
                    )
                )
            }
            return written
        }
    }
}
