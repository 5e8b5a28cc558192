/// Outcomes that are reported together under one name; each outcome is a group of its own, too. The names are those of
/// thresholds, comparisons and JSON.
struct LoadGroup: Hashable, Sendable {
    let name: String
    let outcomes: [LoadOutcome]

    /// What buyers ask for, and answers by their class.
    static let combined = [
        LoadGroup(name: "all", outcomes: LoadOutcome.allCases),
        checkouts, purchases, releases, refusals, errors,
        LoadGroup(name: "2xx", outcomes: [.held, .purchased, .pending, .released]),
        LoadGroup(name: "4xx", outcomes: LoadOutcome.allCases.filter(\.isRefusal)),
        LoadGroup(name: "5xx", outcomes: [.unavailable, .serverError]),
    ]

    /// Every group with a name.
    static let all = combined + LoadOutcome.allCases.map { LoadGroup($0) }

    static let checkouts = LoadGroup(name: "checkout", outcomes: [.held, .soldOut, .userLimit, .banned])
    static let purchases = LoadGroup(
        name: "purchase",
        outcomes: [.purchased, .pending, .unknownCode, .expiredCode]
    )
    static let releases = LoadGroup(name: "release", outcomes: [.released, .alreadyPurchased])
    static let refusals = LoadGroup(name: "refusals", outcomes: LoadOutcome.allCases.filter(\.isRefusal))
    static let errors = LoadGroup(name: "errors", outcomes: LoadOutcome.allCases.filter(\.isError))

    init(name: String, outcomes: [LoadOutcome]) {
        self.name = name
        self.outcomes = outcomes
    }

    init(_ outcome: LoadOutcome) {
        self.init(name: outcome.rawValue, outcomes: [outcome])
    }

    static func named(_ name: some StringProtocol) -> LoadGroup? { all.first { $0.name == name } }

    /// Outcomes whose latencies make up the percentiles. A request without an answer belongs to no kind, but whoever
    /// waited for it waited for a checkout or a purchase: leaving time-outs out would make a server that stalls look
    /// fast. So they count for every kind.
    var timedOutcomes: [LoadOutcome] {
        [LoadGroup.checkouts, .purchases, .releases].contains(self) ? outcomes + [.timedOut] : outcomes
    }

    /// Nothing but errors: that none was seen is good news.
    var isErrors: Bool { outcomes.allSatisfy(\.isError) }
    /// Nothing but refusals.
    var isRefusals: Bool { outcomes.allSatisfy(\.isRefusal) }
}
