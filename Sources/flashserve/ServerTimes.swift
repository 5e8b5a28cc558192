import FlashSaleKit
import NIOCore

/// How long a server waits for the stores before it answers without them.
package struct ServerTimes: Sendable {
    /// How long a request waits for its batch; beyond: 503 `overloaded`, undecided.
    package var queue = Limits.queueTime
    /// How long waiting and the answer of Redis may take together; waiting is cut short for it.
    package var answer = Limits.answerTime
    /// The least that a request waits, however slow Redis is.
    package var shortestQueue = Limits.shortestQueueTime
    /// How long a purchase waits for its row in Postgres; beyond: 202 `pending`.
    package var purchase = Limits.purchaseWait
    /// How long a page waits for the counters of a sale; beyond: it says that they cannot be read.
    package var page = Limits.pageTime
    /// How long a page waits for the backlog; beyond: it is left out.
    package var standing = Limits.standingTime
    /// Between two looks at the identity and the settings of Redis.
    package var recheck = Duration.seconds(10)
    /// How long a starting server waits for the sale of this hour before it listens without one.
    package var firstSale = Limits.firstSaleTime
    /// Of every connection to Redis.
    package var redis = RedisConnectionOptions()
    /// Of every connection to Postgres, besides those that only look at the load or serve the live page.
    package var postgres = PostgresOptions()

    /// Those of a server.
    package init() {}

    /// The same for every wait, e.g. so long that no store of a slow machine is given up.
    package init(all limit: Duration) {
        let amount = TimeAmount(limit)
        (queue, answer, purchase) = (amount, amount + amount, amount)
        (page, standing, firstSale) = (limit, limit, limit)
        (redis.connectTimeout, redis.commandTimeout) = (amount, amount)
        (postgres.connectTimeout, postgres.statementTimeout) = (limit, limit)
        postgres.idleInTransactionTimeout = limit
    }
}
