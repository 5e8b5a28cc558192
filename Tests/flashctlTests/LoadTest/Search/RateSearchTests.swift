import Synchronization
import Testing

@testable import flashctl

/// The search for the highest rate, with loads that are made up.
@Suite struct RateSearchTests {
    private func search(
        start: Double = 1000,
        _ load: @escaping @Sendable (Double) -> RateSearch.Load
    ) async throws -> RateSearchResult {
        try await RateSearch(start: start, load: { load($0) }).run()
    }

    private static func load(_ rate: Double, upTo limit: Double) -> RateSearch.Load {
        RateSearch.Load(achieved: rate, value: rate <= limit ? 5e6 : 80e6, holds: rate <= limit)
    }

    @Test(arguments: [1000.0, 64_000, 10]) func theLimitIsFoundFromBothSides(start: Double) async throws {
        let result = try await search(start: start) { RateSearchTests.load($0, upTo: 7300) }
        #expect(result.end == .found && result.objection == nil)
        let highest = try #require(result.highest)
        #expect(highest <= 7300 && highest > 7300 / 1.06)
        #expect(result.steps.count <= RateSearch.mostSteps)
        let condition = try LoadThreshold(parsing: "checkout.p99<20ms", option: "--find-max")
        let search = result.search(for: condition)
        #expect(search.best == highest && search.steps.count == result.steps.count)
        #expect(search.steps.allSatisfy { $0.holds == ($0.value == 5e6) && $0.achieved == $0.rate })
    }

    @Test func doublingComesBeforeBisecting() async throws {
        let told = Mutex<[Double]>([])
        let result = try await RateSearch(
            load: { RateSearchTests.load($0, upTo: 5000) },
            progress: { step in told.withLock { $0.append(step.rate) } }
        ).run()
        #expect(Array(result.steps.map(\.rate).prefix(5)) == [1000, 2000, 4000, 8000, 6000])
        #expect(told.withLock { $0 } == result.steps.map(\.rate))
    }

    @Test func aGeneratorThatIsTheLimitIsNoAnswer() async throws {
        let result = try await search { rate in
            RateSearch.Load(achieved: rate, value: 1, holds: true, isValid: rate <= 3000)
        }
        guard case .generator(let limit) = result.end else { return #expect(Bool(false), "\(result.end)") }
        #expect(limit > 3000)
        #expect(try #require(result.highest) <= 3000)
        let objection = try #require(result.objection)
        #expect(objection.status == .invalidLoadTest)
        #expect(objection.sentence.contains("the generator was the limit; sustained up to there: "))
        let condition = try LoadThreshold(parsing: "checkout.p99<20ms", option: "--find-max")
        #expect(result.search(for: condition).steps.contains { $0.value == nil && !$0.holds })
    }

    @Test func nothingAndEverythingAreSaid() async throws {
        let below = try await search { RateSearchTests.load($0, upTo: 0) }
        #expect(below.end == .below && below.highest == nil)
        #expect(below.objection?.status == .thresholdFailed)
        let beyond = try await search { RateSearchTests.load($0, upTo: .infinity) }
        #expect(beyond.end == .beyond && beyond.highest == RateSearch.rates.upperBound && beyond.objection == nil)
    }

    @Test func anInterruptEndsTheSearch() async throws {
        let result = try await search { rate in
            var load = RateSearchTests.load(rate, upTo: .infinity)
            if rate > 3000 { load.interruptedBy = .interrupted }
            return load
        }
        #expect(result.objection?.status == .interrupted && result.steps.count == 3)
        #expect(result.highest == 2000, "a load that did not end says nothing")
    }
}
