/// Moves the ledger of a sale from Redis to Postgres, exactly once, and with it the purchases.
///
/// A buyer waits for this transaction, so it is one statement and one round trip.
public struct LedgerDrain: Sendable {
    /// Channel on which Postgres tells that purchases of a sale were committed; the payload is the sale's number.
    public static let purchasesChannel = "flashctl_purchases"

    private let drain: JournalDrain

    /// A drain on connections of its own: purchases must not queue behind refusals.
    public init(redis: RedisClient, postgres: PostgresConnection, limits: DrainLimits = .ledger) {
        drain = JournalDrain(.ledger, redis: redis, postgres: postgres, limits: limits) { portion, postgres in
            let batch = LedgerBatch(portion)
            Failpoint.reach("ledger.before-commit")
            do {
                let result = try await batch.commitInOneStatement(on: postgres)
                Failpoint.reach("ledger.after-commit")
                return result
            } catch let error as PostgresError where error.isRowFault {
                return try await batch.commitRowByRow(on: postgres)
            }
        }
    }

    /// Goes on with other connections, after one of them was lost.
    public func use(redis: RedisClient, postgres: PostgresConnection) async {
        await drain.use(redis: redis, postgres: postgres)
    }

    /// Whether drained entries leave Redis sooner than usual from now on, because its memory is short.
    public func hurry(_ memoryIsShort: Bool) async {
        await drain.hurry(memoryIsShort)
    }

    /// Moves one portion, and trims what was drained some time ago. After an error the cursor is read again, so a
    /// commit whose answer was lost is found out.
    ///
    /// - Parameter epoch: the epoch of the sale for which the Redis connection was validated.
    /// - Throws: ``JournalError`` with `.fenced` when the sale has another epoch by now, `.trimmedPastCursor` when
    ///   entries are missing.
    public func drainOnce(sale saleID: SaleID, epoch: Int64) async throws -> DrainResult {
        try await drain.drainOnce(saleID, epoch)
    }
}
