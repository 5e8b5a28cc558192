import Testing

@testable import flashctl

/// What is counted together.
@Suite struct LoadGroupTests {
    @Test func everyNameIsThereOnce() {
        let names = LoadGroup.all.map(\.name)
        #expect(Set(names).count == names.count)
        for outcome in LoadOutcome.allCases {
            #expect(LoadGroup.named(outcome.rawValue)?.outcomes == [outcome])
        }
        #expect(LoadGroup.named("checkouts") == nil)
    }

    @Test func everyOutcomeIsInTheGroupsThatFit() {
        for outcome in LoadOutcome.allCases {
            let groups = LoadGroup.combined.filter { $0.outcomes.contains(outcome) }.map(\.name)
            #expect(groups.contains("all"))
            #expect(groups.contains("refusals") == outcome.isRefusal && groups.contains("4xx") == outcome.isRefusal)
            #expect(groups.contains("errors") == outcome.isError)
            // An answer has one kind at most.
            #expect(groups.count { ["checkout", "purchase", "release"].contains($0) } <= 1, "\(outcome)")
            #expect(groups.count { ["2xx", "4xx", "5xx"].contains($0) } <= 1, "\(outcome)")
        }
        let answered = Set(["2xx", "4xx", "5xx"].compactMap { LoadGroup.named($0) }.flatMap(\.outcomes))
        #expect(Set(LoadOutcome.allCases).subtracting(answered) == [.timedOut, .networkError])
    }

    /// Refusals are never successes, and a success is no error.
    @Test func nothingIsTwoThings() {
        for outcome in LoadOutcome.allCases { #expect(!(outcome.isRefusal && outcome.isError)) }
        for headline in LoadRecord.headlines.dropLast() {
            #expect(headline.group.outcomes.allSatisfy { !$0.isRefusal && !$0.isError })
        }
        #expect(LoadGroup.refusals.isRefusals && !LoadGroup.refusals.isErrors)
        #expect(LoadGroup.errors.isErrors && !LoadGroup.errors.isRefusals)
        #expect(!LoadGroup.checkouts.isErrors && !LoadGroup.checkouts.isRefusals)
    }

    @Test func onlyKindsWaitForTimeOuts() {
        for group in [LoadGroup.checkouts, .purchases, .releases] { #expect(group.timedOutcomes.last == .timedOut) }
        for group in [LoadGroup(.held), .refusals, .errors] { #expect(group.timedOutcomes == group.outcomes) }
    }

    @Test func serviceTimesAreMergedAsLatenciesAre() {
        var figures = LoadFigures()
        figures.outcomes[.held] = .init(
            count: 2,
            latency: SampleLoad.histogram(microseconds: [1000, 2000]),
            serviceTime: SampleLoad.histogram(microseconds: [500, 600])
        )
        figures.outcomes[.soldOut] = .init(
            count: 1,
            latency: SampleLoad.histogram(microseconds: [9000]),
            serviceTime: SampleLoad.histogram(microseconds: [100])
        )
        figures.outcomes[.banned] = .init(count: 1)
        #expect(figures.count(of: .checkouts) == 4)
        #expect(figures.latency(of: .checkouts)?.totalCount == 3)
        #expect(figures.serviceTime(of: .checkouts)?.valueAtPercentile(100) == 600_000)
        #expect(figures.latency(of: LoadGroup(.banned)) == nil && figures.latency(of: .purchases) == nil)
    }

    @Test func withoutTimeThereAreNoRates() {
        var figures = LoadFigures()
        figures.outcomes[.held] = .init(count: 2)
        #expect(figures.perSecond(2) == 0 && figures.share(of: 2) == 0)
        figures.seconds = 4
        figures.completed = 8
        #expect(figures.perSecond(2) == 0.5 && figures.share(of: 2) == 25)
    }
}
