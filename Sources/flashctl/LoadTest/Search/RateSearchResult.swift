/// The loads of a search, and why it ended.
struct RateSearchResult: Sendable, Equatable {
    var steps: [RateSearch.Step]
    var end: RateSearch.End

    /// The highest rate that was sustained, requests per second; nil when none was.
    var highest: Double? { steps.filter(\.isSustained).map(\.rate).max() }

    /// As it is reported: a load that says nothing of the server has no value.
    func search(for condition: LoadThreshold) -> LoadSearch {
        LoadSearch(
            condition: condition,
            steps: steps.map { step in
                .init(
                    rate: step.rate,
                    achieved: step.load.achieved,
                    value: step.load.isValid ? step.load.value : nil,
                    holds: step.isSustained
                )
            }
        )
    }

    /// What speaks against the result; nil when the limit was found.
    var objection: (status: ExitStatus, sentence: String)? {
        let rate = highest.map { "\(LoadValueText.number($0.rounded())) requests/s" } ?? "no rate"
        return switch end {
        case .found, .beyond: nil
        case .below: (.thresholdFailed, "not even the lowest rate is sustained")
        case .generator(let limit):
            (
                .invalidLoadTest,
                "at \(LoadValueText.number(limit.rounded())) requests/s the generator was the limit; "
                    + "sustained up to there: \(rate)"
            )
        case .interrupted(let status): (status, "sustained until then: \(rate)")
        }
    }
}
