import FlashSaleKit
import Synchronization
import Testing

@testable import flashctl

/// The search for the highest rate, with loads that are made up.
@Suite struct RateSearchTests {
    private static func summary(_ rate: Double, milliseconds: UInt64 = 1, late: Bool = false) -> LoadSummary {
        var plan = LoadPlan(.megaload, target: LoadTarget(host: "h", port: 1), runID: "r")
        plan.model = .open(LoadCurve(rate: rate, seconds: 1), .constant)
        var tally = LoadTally()
        tally.firstSentAt = 1
        tally.lastAnsweredAt = 1_000_000_001
        for _ in 0..<10 {
            tally.sent += 1
            tally.record(status: 409, nanoseconds: milliseconds * 1_000_000)
        }
        var summary = LoadSummary(
            plan: plan,
            tally: tally,
            startedAt: Timestamp(seconds: 0),
            wallSeconds: 1,
            processorSeconds: 0
        )
        summary.timing.scheduled = 10
        summary.timing.inTime = 10
        summary.timing.recordLag(late ? 9_000_000 : 1000)
        return summary
    }

    private func search(
        start: Double = 1000,
        _ load: @escaping @Sendable (Double) -> LoadSummary
    ) async throws -> RateSearchReport {
        try await RateSearch(start: start, load: { load($0) }, holds: { $0.latencies[0].histogram.max < 20_000_000 })
            .run()
    }

    @Test(arguments: [1000.0, 64_000, 10]) func theLimitIsFoundFromBothSides(start: Double) async throws {
        let report = try await search(start: start) { rate in
            RateSearchTests.summary(rate, milliseconds: rate <= 7300 ? 5 : 80)
        }
        #expect(report.end == .found && report.status == .success)
        let highest = try #require(report.highest)
        #expect(highest <= 7300 && highest > 7300 / 1.06)
        #expect(report.steps.count <= RateSearch.mostSteps)
        let text = report.sections.map { $0.text(width: nil, color: false) }.joined()
        #expect(text.contains("sustained") && text.contains("not sustained") && text.contains("80.0 ms"))
        #expect(text.contains("highest sustained rate: "))
        #expect(report.knee.map(\.rate) == report.steps.map(\.rate).sorted())
    }

    @Test func doublingComesBeforeBisecting() async throws {
        let report = try await search { RateSearchTests.summary($0, milliseconds: $0 <= 5000 ? 5 : 80) }
        #expect(Array(report.steps.map(\.rate).prefix(5)) == [1000, 2000, 4000, 8000, 6000])
    }

    @Test func aGeneratorThatIsTheLimitIsNoAnswer() async throws {
        let report = try await search { RateSearchTests.summary($0, late: $0 > 3000) }
        #expect(report.status == .invalidLoadTest)
        guard case .generator(let limit) = report.end else { return #expect(Bool(false), "\(report.end)") }
        #expect(limit > 3000)
        #expect(try #require(report.highest) <= 3000)
        #expect(report.sections.last?.text(width: nil, color: false).hasPrefix("INVALID") == true)
    }

    @Test func nothingAndEverythingAreSaid() async throws {
        let below = try await search { RateSearchTests.summary($0, milliseconds: 80) }
        #expect(below.end == .below && below.highest == nil && below.status == .thresholdFailed)
        let beyond = try await search { RateSearchTests.summary($0) }
        #expect(beyond.end == .beyond && beyond.highest == RateSearch.rates.upperBound)
        #expect(try json(JSONText.line(beyond.data), "end") as? String == "beyond")
    }

    @Test func anInterruptEndsTheSearch() async throws {
        let report = try await search { rate in
            var summary = RateSearchTests.summary(rate)
            if rate > 3000 { summary.interruptedBy = .interrupted }
            return summary
        }
        #expect(report.status == .interrupted && report.steps.count == 3)
    }
}
