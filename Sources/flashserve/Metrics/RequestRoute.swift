/// The label `route` of a request: what it asked for, whatever became of it.
enum RequestRoute: UInt8, Sendable, CaseIterable {
    case checkout, purchase, release, health, sale, livez, readyz
    /// No route: an unknown path, a wrong method, or what is no request at all.
    case other

    /// Its name as a label.
    var name: String { "\(self)" }

    /// The statuses that it answers with. Together with the buckets they bound the series of a scrape.
    var statuses: [Int] {
        switch self {
        case .checkout: [201, 400, 403, 409, 429, 503]
        case .purchase: [200, 202, 400, 404, 503]
        case .release: [200, 202, 400, 404, 409, 503]
        case .health, .sale, .readyz: [200, 503]
        case .livez: [200]
        case .other: [404]
        }
    }
}
