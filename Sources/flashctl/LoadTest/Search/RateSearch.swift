/// Searches the highest rate of the open model at which a condition holds: it doubles until it does not, then bisects.
struct RateSearch: Sendable {
    /// What came out of one load.
    struct Load: Sendable, Equatable {
        /// Requests per second that were sent.
        var achieved = 0.0
        /// What was measured, in the unit of the condition's metric; nil when nothing was.
        var value: Double?
        /// Whether the condition held.
        var holds: Bool
        /// Whether the server was measured, and not the generator.
        var isValid = true
        /// Set when somebody ended it early.
        var interruptedBy: ExitStatus?
    }

    /// One load.
    struct Step: Sendable, Equatable {
        /// Requests per second that were asked for.
        var rate: Double
        var load: Load
        /// Whether the condition held, and the load test was valid and complete.
        var isSustained: Bool { load.isValid && load.holds && load.interruptedBy == nil }
    }

    /// Why the search ended.
    enum End: Sendable, Equatable {
        /// The limit lies between two rates that were tried.
        case found
        /// The highest rate that may be tried is still sustained.
        case beyond
        /// The lowest rate is not sustained.
        case below
        /// The generator was the limit at this rate: the server may hold more.
        case generator(Double)
        case interrupted(ExitStatus)
    }

    /// Rates that are never left, requests per second.
    static let rates = 1.0...LoadRateText.highestRate
    /// Loads of a search, at most.
    static let mostSteps = 24

    /// Where it begins, requests per second.
    var start = 1000.0
    /// How near the two last rates are to each other.
    var precision = 0.05
    /// Runs one load at a rate.
    let load: @Sendable (Double) async throws -> Load
    /// Told after each load.
    var progress: @Sendable (Step) -> Void = { _ in }

    func run() async throws -> RateSearchResult {
        var steps: [Step] = []
        var sustained: Double?
        var failed: Double?
        var rate = min(max(start, RateSearch.rates.lowerBound), RateSearch.rates.upperBound)
        while steps.count < RateSearch.mostSteps {
            let step = Step(rate: rate, load: try await load(rate))
            steps.append(step)
            progress(step)
            if let status = step.load.interruptedBy {
                return RateSearchResult(steps: steps, end: .interrupted(status))
            }
            if step.isSustained {
                sustained = max(sustained ?? 0, rate)
            } else {
                failed = min(failed ?? .infinity, rate)
            }
            guard let next = next(sustained, failed) else { return result(steps, sustained, failed) }
            rate = next
        }
        return result(steps, sustained, failed)
    }

    /// The rate to try next; nil when the limit is known well enough.
    private func next(_ sustained: Double?, _ failed: Double?) -> Double? {
        switch (sustained, failed) {
        case (let low?, nil):
            return low >= RateSearch.rates.upperBound ? nil : min(low * 2, RateSearch.rates.upperBound)
        case (nil, let high?):
            return high <= RateSearch.rates.lowerBound ? nil : max(high / 2, RateSearch.rates.lowerBound)
        case (let low?, let high?): return high / low <= 1 + precision ? nil : (low + high) / 2
        case (nil, nil): return nil
        }
    }

    private func result(_ steps: [Step], _ sustained: Double?, _ failed: Double?) -> RateSearchResult {
        let limit = steps.first { $0.rate == failed }
        if let limit, !limit.load.isValid { return RateSearchResult(steps: steps, end: .generator(limit.rate)) }
        let end: End = failed == nil ? .beyond : sustained == nil ? .below : .found
        return RateSearchResult(steps: steps, end: end)
    }
}
