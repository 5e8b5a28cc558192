/// Counts a sale again, independently of everything that sells it: from Postgres, from Redis at one instant, and from
/// the journal between them. It writes nothing, holds no lock, and raises no false alarm while the sale runs.
///
/// Cost: one scan of the ledger and some of the attempts of the sale in Postgres (about a second per million rows), and
/// one reading of its keys in Redis (about 1 ms for 2,000 units; see ``RedisContents/mostAtOnce``). Memory here: about
/// 500 bytes for each unit that is held or sold, none for attempts.
public struct Verification: Sendable {
    /// How much is counted.
    public enum Depth: Sendable, Equatable {
        /// Everything.
        case full
        /// Everything but the attempts of a sale that has more than ``Verification/quickAttempts``.
        case quick
    }

    /// Attempts that a quick recount still looks at.
    public static let quickAttempts: Int64 = 200_000

    private let redis: RedisClient
    private let postgres: PostgresConnection
    /// How long to wait for a recovery to end.
    private let patience: Duration

    /// Fields of Redis that are read at one instant.
    var atOnce = RedisContents.mostAtOnce

    /// What happens between the reading of Postgres and that of Redis, for tests.
    var between: @Sendable () async throws -> Void = {}

    /// A recount over these connections. The Postgres connection is busy meanwhile: give it one of its own.
    public init(redis: RedisClient, postgres: PostgresConnection, patience: Duration = .seconds(5)) {
        self.redis = redis
        self.postgres = postgres
        self.patience = patience
    }

    /// Counts one sale. A sale that somebody recovers or finishes just now is looked at again until that is over, or
    /// the patience is, and twice at least; then the report says so.
    /// - Throws: ``ScheduleError`` with `.unknownSale`; errors of the stores.
    public func run(_ sale: SaleID, depth: Depth = .full) async throws -> VerificationReport {
        var evidence = try await collect(sale, depth: depth)
        var invariants = Comparison(evidence).invariants()
        if evidence.isInPieces, invariants.contains(where: { $0.violations > 0 }) {
            evidence = try await collect(sale, depth: depth)
            invariants = Comparison(evidence).invariants().map { invariant in
                let earlier = invariants.first { $0.kind == invariant.kind }
                return Verification.isReadInPieces.contains(invariant.kind)
                    ? invariant.confirmed(by: earlier) : invariant
            }
        }
        let belonging = try await belonging(sale, invariants.flatMap(\.findings))
        let place = invariants.firstIndex { $0.kind == .summary } ?? invariants.endIndex
        invariants.insert(belonging, at: place)
        return VerificationReport(
            saleID: sale,
            at: evidence.recount.at,
            standing: Verification.standing(evidence),
            epoch: evidence.recount.epoch,
            invariants: invariants.map(\.reported)
        )
    }

    /// Conditions on keys that a large sale shows in pieces.
    private static let isReadInPieces: Set<Invariant.Kind> = [.holds, .deadlines, .users, .receipts, .controls]

    /// Looks in all other sales for the holds that this one lacks or has too many of.
    private func belonging(_ sale: SaleID, _ findings: [Finding]) async throws -> Invariant {
        var invariant = Invariant(.belonging, sale)
        let suspects = Set(findings.compactMap(\.holdID)).sorted(by: HoldID.inReportOrder)
        invariant.figure("holds looked up", suspects.count)
        guard !suspects.isEmpty else { return invariant }
        let rows = try await postgres.query(
            """
            select l.sale_id, l.hold_id, l.kind, l.user_id from ledger l
            where l.sale_id = any(array(select id from sales where id <> \(sale))) and l.hold_id = any(\(suspects))
            union all
            select p.sale_id, p.hold_id, 'in purchases', p.user_id from purchases p
            where p.sale_id <> \(sale) and p.hold_id = any(\(suspects))
            order by 2, 1, 3
            """,
            timeout: PostgresRecount.statementTimeout
        )
        for row in rows {
            let (hold, user) = (try row["hold_id"].holdID, try row["user_id"].optional?.userID)
            invariant.violate(
                "hold \(hold) of user '\(user ?? .empty)', missing or unknown in sale \(sale), is "
                    + "\(try row["kind"].text) in sale \(try row["sale_id"].int64)",
                hold: hold,
                user: user,
                next: "find out who moved it: no part of the program ever writes one sale's records into another"
            )
        }
        return invariant
    }

    /// The sales that a recount without a number is about: those that are open.
    public func openSales() async throws -> [SaleID] {
        try await SaleStore(postgres: postgres).unfinished().filter { $0.epoch != nil }.map(\.id)
    }

    /// Collects until nothing moves. Twice at least: one look at many rows may take longer than the patience.
    func collect(_ sale: SaleID, depth: Depth) async throws -> Evidence {
        let deadline = ContinuousClock.now + patience
        var looks = 0
        while true {
            let found = try await Evidence.collect(
                sale,
                depth: depth,
                redis: redis,
                postgres: postgres,
                atOnce: atOnce,
                between: between
            )
            looks += 1
            guard let found else {
                throw ScheduleError(
                    .unknownSale,
                    "there is no sale \(sale)",
                    nextStep: "leave out --sale for all sales that are open"
                )
            }
            if found.trouble == nil || looks > 1 && ContinuousClock.now >= deadline { return found }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    private static func standing(_ evidence: Evidence) -> VerificationReport.Standing {
        if evidence.recount.isFinished { return .finished }
        if !evidence.recount.isOpened { return .unopened }
        switch evidence.trouble {
        case .recovering: return .recovering("sale \(evidence.saleID) is shut in Redis while it is recovered")
        case .overtaken:
            return .recovering("sale \(evidence.saleID) was recovered, finished or trimmed while it was counted")
        default: return .compared
        }
    }
}
