import FlashSaleKit

/// `GET /readyz`
struct ReadyBody: Encodable {
    var status: String
    var checks: [String: String]?
    /// What must be true, as found within the last ten seconds.
    var guards: [Guard]?

    struct Guard: Encodable {
        var name: String
        var level: String
        var message: String
        var nextStep: String?

        init(_ check: GuardCheck) {
            name = check.name.rawValue
            level = check.level.rawValue
            message = check.sentence
            nextStep = check.nextStep
        }
    }
}

/// `GET /sale`, and a part of `GET /health`: the sale as the public may see it.
struct SaleBody: Encodable {
    var id: Int64
    var itemName: String
    var imageUrl: String
    var stock: Int
    var stockRemaining: Int
    var itemsHeld: Int
    var itemsSold: Int
    var userLimit: Int
    var isActive: Bool
    /// Sold for a test: a load test asks before it is sent at any other sale.
    var isTest: Bool
    var opensAt: String
    var closesAt: String

    init(_ sale: Sale, _ snapshot: SaleSnapshot, hasGap: Bool) {
        id = sale.id.rawValue
        itemName = sale.terms.itemName
        imageUrl = sale.terms.imageURL
        stock = snapshot.stock
        stockRemaining = snapshot.free
        itemsHeld = snapshot.held
        itemsSold = snapshot.sold
        userLimit = snapshot.limit
        isActive = snapshot.state == .open && !snapshot.checkoutPaused && !hasGap
        isTest = sale.terms.test
        opensAt = sale.terms.opensAt.rfc3339
        closesAt = sale.terms.closesAt.rfc3339
    }
}

/// `GET /health`
struct HealthBody: Encodable {
    struct Performance: Encodable {
        /// Entries of both streams that are not in Postgres yet, and the age of the oldest; nil while unknown.
        var ledgerBacklogEntries: Int?
        var attemptsBacklogEntries: Int?
        var backlogSeconds: Double?
        /// Rows that this process has written to Postgres.
        var drainedRows: Int
        var deadLetters: Int
    }

    var status: String
    var timestamp: String
    var services: [String: String]
    var sale: SaleBody?
    /// What cannot be drained, and what to do about it; left out when all goes well.
    var drain: String?
    var performance: Performance
}
