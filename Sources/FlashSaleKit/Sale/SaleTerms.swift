/// What a sale promises; immutable once the sale exists.
public struct SaleTerms: Sendable, Equatable {
    /// 1–200 characters.
    public var itemName: String
    /// 1–2000 characters.
    public var imageURL: String
    /// Units for sale, 1…10,000,000.
    public var stock: Int
    /// Units that one user may hold and buy together, 1…1,000,000.
    public var userLimit: Int
    /// How long an unpaid hold lasts, 1,000…86,400,000 ms.
    public var holdMilliseconds: Int64
    /// First instant at which the sale sells.
    public var opensAt: Timestamp
    /// First instant at which it no longer does.
    public var closesAt: Timestamp
    /// Whether it belongs to the hourly schedule.
    public var hourly: Bool
    /// Whether it is a test sale.
    public var test: Bool

    /// Terms of a sale; ``validate()`` checks the ranges.
    public init(
        itemName: String,
        imageURL: String,
        stock: Int,
        userLimit: Int,
        holdMilliseconds: Int64,
        opensAt: Timestamp,
        closesAt: Timestamp,
        hourly: Bool,
        test: Bool
    ) {
        self.itemName = itemName
        self.imageURL = imageURL
        self.stock = stock
        self.userLimit = userLimit
        self.holdMilliseconds = holdMilliseconds
        self.opensAt = opensAt
        self.closesAt = closesAt
        self.hourly = hourly
        self.test = test
    }

    /// One sentence for each value out of range; empty when the terms may be sold.
    public func validate() -> [String] {
        var problems: [String] = []
        func check(_ condition: Bool, _ problem: String) {
            if !condition { problems.append(problem) }
        }
        check((1...200).contains(itemName.count), "the item name has 1 to 200 characters")
        check((1...2000).contains(imageURL.count), "the image URL has 1 to 2000 characters")
        check((1...10_000_000).contains(stock), "the stock is 1 to 10,000,000 units, not \(stock)")
        check((1...1_000_000).contains(userLimit), "the limit per user is 1 to 1,000,000, not \(userLimit)")
        check((1000...86_400_000).contains(holdMilliseconds), "a hold lasts 1 s to 24 h, not \(holdMilliseconds) ms")
        check(closesAt > opensAt, "the sale closes after it opens")
        return problems
    }
}

/// One row of the schedule.
public struct Sale: Sendable, Equatable {
    /// Its number.
    public var id: SaleID
    /// What it promises.
    public var terms: SaleTerms
    /// The epoch under which its keys in Redis may be written, nil before it was opened there.
    public var epoch: Int64?
    /// When its end was committed, nil while it is unfinished.
    public var finishedAt: Timestamp?

    /// A row of the schedule.
    public init(id: SaleID, terms: SaleTerms, epoch: Int64?, finishedAt: Timestamp?) {
        self.id = id
        self.terms = terms
        self.epoch = epoch
        self.finishedAt = finishedAt
    }
}
