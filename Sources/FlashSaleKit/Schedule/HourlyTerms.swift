/// What the hourly sales sell. The same hour gives the same terms on every machine.
public struct HourlyTerms: Sendable, Equatable {
    /// Units for sale.
    public var stock = 10_000
    /// Units per user.
    public var userLimit = 10
    /// How long an unpaid hold lasts.
    public var holdMilliseconds: Int64 = 300_000
    /// Whether they are test sales.
    public var test = false

    /// The terms of production.
    public init() {}

    /// Terms of the sale of the hour that holds `time`.
    public func terms(ofHourAt time: Timestamp) -> SaleTerms {
        let opensAt = time.startOfHour
        let hour = opensAt.microseconds / 3_600_000_000
        let adjective = HourlyTerms.adjectives[HourlyTerms.index(hour, HourlyTerms.adjectives.count)]
        // Another divisor, so that all pairs come up before one repeats.
        let product = HourlyTerms.products[
            HourlyTerms.index(hour / Int64(HourlyTerms.adjectives.count), HourlyTerms.products.count)
        ]
        let slug = "\(adjective)-\(product)".lowercased()
        return SaleTerms(
            itemName: "\(adjective) \(product) #\(hour)",
            imageURL: "https://images.example.com/flash/\(slug)-\(hour).jpg",
            stock: stock,
            userLimit: userLimit,
            holdMilliseconds: holdMilliseconds,
            opensAt: opensAt,
            closesAt: opensAt.adding(milliseconds: 3_600_000),
            hourly: true,
            test: test
        )
    }

    private static func index(_ hour: Int64, _ count: Int) -> Int {
        let rest = Int(hour % Int64(count))
        return rest < 0 ? rest + count : rest
    }

    private static let adjectives = [
        "Amber", "Cobalt", "Crimson", "Emerald", "Graphite", "Ivory", "Midnight", "Silver",
    ]
    private static let products = [
        "Backpack", "Camera", "Espresso", "Headphones", "Keyboard", "Lamp", "Monitor", "Speaker", "Turntable", "Watch",
    ]
}
