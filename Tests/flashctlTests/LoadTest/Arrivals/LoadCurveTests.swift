import Testing

@testable import flashctl

/// Rates and arrival times, without any server.
@Suite struct LoadCurveTests {
    private let mix = LoadMix([LoadFlow(name: "all")], seed: 1)

    private func times(_ source: ArrivalSource) -> [Double] {
        var source = source
        var times: [Double] = []
        while let arrival = source.next() { times.append(arrival.second) }
        return times
    }

    @Test(arguments: [
        ("2000/s", 2000.0), ("2000", 2000), ("90/m", 1.5), ("3600/h", 1), ("0.5/s", 0.5), ("0", 0),
    ])
    func ratesAreRead(text: String, rate: Double) {
        #expect(LoadRateText.rate(text) == rate)
    }

    @Test(arguments: ["", "fast", "10/d", "-1", "10/s/s", "inf", "nan", "1e9", "/s"])
    func otherRatesAreRefused(text: String) {
        #expect(LoadRateText.rate(text) == nil)
        #expect(LoadRateArgument(argument: text) == nil)
    }

    @Test func stagesAreRead() {
        let stages = [
            LoadStage(rate: 0, seconds: 10), LoadStage(rate: 5000, seconds: 30), LoadStage(rate: 20_000, seconds: 5),
        ]
        #expect(LoadRateText.stages("0:10s,5000:30s,20000:5s") == stages)
        #expect(LoadRateText.stages("100:0s,100/s:500ms")?.last == LoadStage(rate: 100, seconds: 0.5))
        for text in ["", "5000", "5000:", ":5s", "5000:5", "1:1s,", "1:0s", "1:2d"] {
            #expect(LoadRateText.stages(text) == nil, "\(text)")
        }
    }

    @Test func ratesGoInStraightLinesBetweenStages() {
        let curve = LoadCurve([
            LoadStage(rate: 0, seconds: 10), LoadStage(rate: 5000, seconds: 30), LoadStage(rate: 20_000, seconds: 5),
        ])
        #expect(curve.seconds == 45)
        #expect(curve.requests == 75_000 + 62_500)
        #expect(curve.rate(at: 5) == 0)
        #expect(curve.rate(at: 25) == 2500)
        #expect(curve.rate(at: 42.5) == 12_500)
        #expect(curve.rate(at: 45) == 0)
        #expect(curve.requests(until: 40) == 75_000)
        #expect(curve.requests(until: 25) == 18_750)
    }

    @Test func aStageWithoutTimeIsAJump() {
        let curve = LoadCurve([LoadStage(rate: 100, seconds: 0), LoadStage(rate: 100, seconds: 2)])
        #expect(curve == LoadCurve(rate: 100, seconds: 2))
        #expect(curve.requests == 200)
    }

    @Test func theSecondOfARequestIsTheInverse() throws {
        let curve = LoadCurve(
            [LoadStage(rate: 300, seconds: 3), LoadStage(rate: 300, seconds: 1), LoadStage(rate: 0, seconds: 2)],
            initialRate: 30
        )
        var hint = 0
        for number in 0..<Int(curve.requests) {
            let second = try #require(curve.second(of: Double(number), hint: &hint))
            #expect(abs(curve.requests(until: second) - Double(number)) < 1e-6)
        }
        #expect(curve.second(of: curve.requests, hint: &hint) == nil)
    }

    @Test func constantArrivalsHaveEqualDistances() {
        let all = times(ArrivalSource(LoadCurve(rate: 100, seconds: 2), .constant, mix: mix, seed: 7))
        #expect(all.count == 200)
        for (number, time) in all.enumerated() { #expect(abs(time - Double(number) / 100) < 1e-9) }
    }

    @Test func peopleComeAtTheSameRateButAtTimesOfTheirOwn() {
        let curve = LoadCurve(rate: 1000, seconds: 20)
        let all = times(ArrivalSource(curve, .poisson, mix: mix, seed: 7))
        // Six standard deviations.
        #expect(abs(all.count - 20_000) < 850)
        let gaps = zip(all, all.dropFirst()).map { $1 - $0 }
        #expect(gaps.allSatisfy { $0 >= 0 })
        // Of an exponential distribution the deviation is the mean.
        let mean = gaps.reduce(0, +) / Double(gaps.count)
        let variance = gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gaps.count)
        #expect(abs(variance.squareRoot() / mean - 1) < 0.1)
        #expect(all == times(ArrivalSource(curve, .poisson, mix: mix, seed: 7)))
        #expect(all != times(ArrivalSource(curve, .poisson, mix: mix, seed: 8)))
    }

    @Test(arguments: LoadArrivals.allCases) func threadsShareTheSameTimes(arrivals: LoadArrivals) {
        let curve = LoadCurve([LoadStage(rate: 500, seconds: 3)])
        let alone = times(ArrivalSource(curve, arrivals, mix: mix, seed: 3))
        let shared = (0..<3).map { index in
            times(ArrivalSource(curve, arrivals, mix: mix, seed: 3, stride: 3, offset: index))
        }
        #expect(shared.flatMap(\.self).sorted() == alone)
        #expect(shared.allSatisfy { abs($0.count - alone.count / 3) <= 1 })
    }

    @Test func theNumberOfRequestsIsALimit() {
        #expect(
            times(ArrivalSource(LoadCurve(rate: 100, seconds: 2), .constant, mix: mix, seed: 1, limit: 30)).count == 30
        )
    }

    @Test func flowsThatBeginLaterAreMissingBefore() {
        let flows = [
            LoadFlow(name: "early", weight: 3), LoadFlow(name: "late", weight: 1, startsAfter: 1),
        ]
        let mix = LoadMix(flows, seed: 5)
        var source = ArrivalSource(LoadCurve(rate: 2000, seconds: 2), .constant, mix: mix, seed: 5)
        var counts = [[0, 0], [0, 0]]
        while let arrival = source.next() { counts[arrival.second < 1 ? 0 : 1][mix.flow(arrival.number)] += 1 }
        #expect(counts[0][1] == 0)
        #expect(abs(counts[1][1] - 500) < 120)
        #expect(abs(counts[0][0] - 1500) < 120)
        #expect(mix.share(at: 0.5) == 0.75)
        #expect(mix.share(at: 1) == 1)
    }
}
