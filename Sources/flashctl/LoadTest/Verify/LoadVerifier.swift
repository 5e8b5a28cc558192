import FlashSaleKit
import Synchronization

/// Waits until the journal is drained, then compares the answers of a load test with the stores.
struct LoadVerifier: Sendable {
    let redis: RedisClient
    let postgres: PostgresConnection
    let plan: LoadPlan
    /// Who asks, as the journal's survey wants to know.
    let actor: String
    let handshake: HandshakeOptions
    /// How long the drain may take.
    var patience = Duration.seconds(120)

    private static let pause = Duration.milliseconds(200)

    /// Compares all sales in which something of this run can be.
    ///
    /// - Parameter since: when the load began; sales that were over by then are left out.
    func run(_ histories: [LoadHistory], since: Timestamp) async throws -> StoreComparison {
        var verification = StoreComparison()
        let sales = try await SaleStore(postgres: postgres).all(limit: 100_000)
            .filter { $0.epoch != nil && ($0.finishedAt.map { $0 >= since } ?? true) }
        verification.undrained = try await waitForDrain(sales)
        let judgement = Judgement(LoadJudge(histories, plan: plan))
        for sale in sales {
            let terms = LoadJudge.Terms(stock: sale.terms.stock, userLimit: sale.terms.userLimit)
            judgement.change { $0.take(sale.id, terms) }
            _ = try await AttemptsExport.run(sale.id, attempts(since: since), on: postgres) { attempt in
                let row = LoadJudge.AttemptRow(
                    sale: sale.id,
                    user: attempt.user,
                    itemID: attempt.itemID,
                    outcome: attempt.outcome,
                    holdID: attempt.holdID
                )
                judgement.change { $0.take(row) }
            }
            try await readPurchases(sale.id, into: judgement)
        }
        verification.checks = judgement.change { $0.checks() }
        if verification.undrained > 0 {
            var check = StoreComparison.Check("drain")
            check.violate("\(verification.undrained) journal entries did not reach Postgres in time")
            verification.checks.append(check)
        }
        for sale in sales where sale.finishedAt == nil {
            verification.sales.append(try await Verification(redis: redis, postgres: postgres).run(sale.id))
        }
        return verification
    }

    /// Attempts of this run are no older than it; both clocks may differ a little.
    private func attempts(since: Timestamp) -> AttemptsExport.Filter {
        var filter = AttemptsExport.Filter()
        filter.since = since.adding(milliseconds: -5000)
        return filter
    }

    private func readPurchases(_ sale: SaleID, into judgement: Judgement) async throws {
        let prefix = plan.runID + "-"
        let rows = try await postgres.query(
            """
            select unit, user_id, hold_id from purchases
            where sale_id = \(sale) and starts_with(user_id, \(prefix))
            """,
            timeout: .seconds(120)
        )
        for row in rows {
            let purchase = LoadJudge.PurchaseRow(
                sale: sale,
                unit: try row["unit"].int64,
                user: try row["user_id"].userID,
                holdID: try row["hold_id"].holdID
            )
            judgement.change { $0.take(purchase) }
        }
        let returns = try await postgres.query(
            """
            select hold_id from ledger
            where sale_id = \(sale) and kind = 'released' and starts_with(user_id, \(prefix))
            """,
            timeout: .seconds(120)
        )
        for row in returns {
            let hold = try row["hold_id"].holdID
            judgement.change { $0.take(released: hold) }
        }
    }

    /// Journal entries that still wait when the patience is over.
    private func waitForDrain(_ sales: [Sale]) async throws -> Int {
        let deadline = ContinuousClock.now + patience
        let wanted = Set(sales.map(\.id))
        let work = PendingWork(redis: redis, postgres: postgres, actor: actor, options: handshake)
        while true {
            let lags = try await work.survey(nil).lags.filter { wanted.contains($0.saleID) }
            let waiting = lags.reduce(0) { $0 + $1.entries }
            if waiting == 0 || ContinuousClock.now > deadline { return waiting }
            try await Task.sleep(for: LoadVerifier.pause)
        }
    }
}

/// A judge that is told from the thread of Postgres.
private final class Judgement: Sendable {
    private let judge: Mutex<LoadJudge>

    init(_ judge: LoadJudge) { self.judge = Mutex(judge) }

    @discardableResult
    func change<Value: Sendable>(_ body: (inout LoadJudge) -> Value) -> Value {
        judge.withLock { judge in body(&judge) }
    }
}
