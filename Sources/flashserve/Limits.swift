import NIOCore

/// Every bound of the server that is no setting, by name. Each says what happens beyond it.
enum Limits {
    /// Request line in bytes; beyond: 414 and close.
    static let requestLine = 2048
    /// Request body in bytes; beyond: 413 and close. No route reads a body.
    static let body = 4096
    /// From the first byte of a request to the end of its head; beyond: 408 and close.
    static let headerTime = TimeAmount.seconds(5)
    /// From the end of the head to the end of the body; beyond: 408 and close.
    static let bodyTime = TimeAmount.seconds(10)
    /// A client that does not read its answers for so long is cut off.
    static let unreadTime = TimeAmount.seconds(20)
    /// Unanswered requests of one connection; beyond: the connection is not read until some are answered.
    static let pipelinedRequests = 64
    /// Attempts in one script call; beyond: the next call takes the rest.
    static let batch = 512
    /// Script calls of one kind in flight per event loop: while Redis decides one batch the next one travels.
    static let batchesInFlight = 2
    /// Attempts of one event loop that wait for a batch; beyond: 503 `overloaded`, undecided.
    static let waitingAttempts = 16_384
    /// Holds of one event loop that wait to be settled, because the answer about them was lost; beyond: they expire.
    static let unsettledHolds = 4096
    /// How long a request waits for its batch; beyond: 503 `overloaded`, undecided.
    static let queueTime = TimeAmount.milliseconds(1500)
    /// How long waiting and the answer of Redis may take together; waiting is cut short for it.
    static let answerTime = TimeAmount.milliseconds(1900)
    /// The least that a request waits, however slow Redis is. A slower answer than what is left is given up.
    static let shortestQueueTime = TimeAmount.milliseconds(400)
    /// Purchases of one event loop that wait for Postgres; beyond: 503 `overloaded`, undecided.
    static let waitingPurchases = 16_384
    /// How long a purchase waits for its row in Postgres; beyond: 202 `pending`.
    static let purchaseWait = TimeAmount.seconds(3)
    /// How long a page waits for the counters of a sale; beyond: it says that they cannot be read.
    static let pageTime = Duration.milliseconds(1500)
    /// How long a page waits for the backlog, of which a part is in Postgres; beyond: it is left out.
    static let standingTime = Duration.seconds(1)
    /// A Postgres connection in use is asked after so long whether its server takes writes.
    static let postgresLook = Duration.seconds(1)
    /// Hold ids in one look-up in Postgres; beyond: the next look-up takes the rest.
    static let lookupHolds = 1000
    /// Below this share of a limit of load, in percent, checkouts go on: without a gap the server would flutter.
    static let resumeShare = 90
    /// Between two looks at the load of Redis.
    static let loadInterval = Duration.seconds(1)
    /// Connections of the second listener; beyond: accepted and closed at once.
    static let adminConnections = 64
    /// A connection of the second listener over which nothing goes for so long is closed.
    static let adminIdleTime = TimeAmount.seconds(60)
    /// Readers of the events of the live page; beyond: 503 with Retry-After.
    static let liveListeners = 16
    /// Seconds that the live page can look back; beyond: the oldest is forgotten.
    static let liveHistory = 600
    /// Points of the curve of a sale since its opening; beyond: every second one is forgotten.
    static let liveCurve = 480
    /// How old a number may be that the live page calls the current one; beyond: it is left out.
    static let liveAge = Duration.seconds(4)
    /// Past sales that the live page shows.
    static let pastSales = 10
    /// Between two looks at past sales, while somebody watches.
    static let pastInterval = Duration.seconds(15)
    /// Connections of one server; beyond: accepted and closed at once.
    static let connections = 65_536
    /// Finished spans that wait for the file of traces; beyond: they are dropped and counted.
    static let waitingSpans = 8192
    /// Length of an Idempotency-Key in bytes; beyond: 400.
    static let idempotencyKey = 255
    /// How long a starting server waits for the sale of this hour before it listens without one.
    static let firstSaleTime = Duration.seconds(5)
    /// How long a stopping server drains; beyond: the rest stays in Redis for the next server.
    static let finalDrainTime = Duration.seconds(30)
    /// Open files of a server besides its connections.
    static let reservedFiles = 256
    /// How long a stopping server waits for requests in flight.
    static let shutdownTime = TimeAmount.seconds(10)
}
