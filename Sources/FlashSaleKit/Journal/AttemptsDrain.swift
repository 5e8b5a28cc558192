/// Moves the attempts of a sale from Redis to Postgres, exactly once: packed entries straight into COPY.
public struct AttemptsDrain: Sendable {
    private let drain: JournalDrain

    /// A drain on connections of its own.
    ///
    /// - Parameter careful: writes without COPY from the beginning. A row that COPY refuses costs the connection; a
    ///   recovery would lose its lock with it, and begin again, and again.
    public init(
        redis: RedisClient,
        postgres: PostgresConnection,
        limits: DrainLimits = DrainLimits(),
        careful: Bool = false
    ) {
        let blocks = AttemptsBlocks()
        drain = JournalDrain(.attempts, redis: redis, postgres: postgres, limits: limits) { portion, postgres in
            // Before, not after: an error here must not hide what the turn has committed.
            if !careful { try await blocks.summarize(portion.saleID, on: postgres) }
            let batch = AttemptsBatch(portion: portion)
            let result =
                careful || portion.careful
                ? try await batch.commitRowByRow(on: postgres) : try await batch.commitWithCopy(on: postgres)
            Failpoint.reach("attempts.after-commit")
            await blocks.wrote(result?.rows ?? 0, to: portion.saleID)
            return result
        }
    }

    /// Goes on with other connections, after one of them was lost. Keep the drain: it knows which sale has a portion
    /// that COPY refused.
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
    ///   entries are missing, `.rowsRefused` when COPY refused a row: the Postgres connection is gone then, call
    ///   ``use(redis:postgres:)`` and go on.
    public func drainOnce(sale saleID: SaleID, epoch: Int64) async throws -> DrainResult {
        try await drain.drainOnce(saleID, epoch)
    }
}
