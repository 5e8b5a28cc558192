/// What became of the wish for a sale.
public enum SeedResult: Sendable, Equatable {
    /// It did not exist and does now; it still has to be opened in Redis.
    case created(Sale)
    /// It existed with exactly these terms.
    case same(Sale)
    /// Another sale of the same kind starts at that instant; it was left as it is.
    case differs(Sale, [TermDifference])

    /// The sale that starts at that instant.
    public var sale: Sale {
        switch self {
        case .created(let sale), .same(let sale), .differs(let sale, _): sale
        }
    }
}

/// A term in which an existing sale is not what was asked for.
public struct TermDifference: Sendable, Equatable {
    /// Name of the term as in the table `sales`.
    public let field: String
    /// What it is.
    public let existing: String
    /// What was asked for.
    public let wanted: String

    /// All differences between two terms with the same start.
    static func between(_ existing: SaleTerms, _ wanted: SaleTerms) -> [TermDifference] {
        var found: [TermDifference] = []
        func compare<Value: Equatable>(_ field: String, _ path: KeyPath<SaleTerms, Value>) {
            let (left, right) = (existing[keyPath: path], wanted[keyPath: path])
            if left != right { found.append(TermDifference(field: field, existing: "\(left)", wanted: "\(right)")) }
        }
        compare("item_name", \.itemName)
        compare("image_url", \.imageURL)
        compare("stock", \.stock)
        compare("user_limit", \.userLimit)
        compare("hold_ms", \.holdMilliseconds)
        compare("opens_us", \.opensAt.microseconds)
        compare("closes_us", \.closesAt.microseconds)
        compare("hourly", \.hourly)
        compare("test", \.test)
        return found
    }
}
