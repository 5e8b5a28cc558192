import NIOCore
import Testing

@testable import flashctl

/// Scenarios as values: what each request is.
@Suite struct LoadScenarioTests {
    private let target = LoadTarget(host: "h", port: 1)

    private func plan(_ scenario: LoadScenario, seed: UInt64 = 1) -> LoadPlan {
        var plan = LoadPlan(scenario, target: target, runID: "r")
        plan.seed = seed
        return plan
    }

    @Test func k6IsWhatTheOriginalSends() throws {
        let plan = plan(.k6)
        try plan.validate()
        #expect(!plan.isClosed)
        #expect(plan.flows.map(\.weight) == [70, 10, 10, 10])
        #expect(plan.flows.map(\.startsAfter) == [0, 5, 10, 15])
        #expect(plan.flows[0].users == .pool(10_000) && plan.flows[1].users == .pool(3000))
        guard case .open(let curve, .constant) = plan.model else { return #expect(Bool(false)) }
        #expect(curve == LoadCurve(rate: 10_000, seconds: 120))
        #expect(plan.targetRate(at: 1) == 7000)
        #expect(plan.targetRate(at: 60) == 10_000)
        #expect(plan.usesCodes)
    }

    @Test func theCrowdOfTheHourBehavesAsPeopleDo() throws {
        let plan = plan(.hour)
        try plan.validate()
        #expect(plan.start == .nextHour)
        guard case .habits(let habits) = plan.flows[0].winners else { return #expect(Bool(false)) }
        let mix = plan.mix
        var paid = 0
        var back = 0
        var late = 0
        for number in 0..<10_000 {
            switch mix.decision(number, habits) {
            case .pay(let milliseconds):
                paid += 1
                if milliseconds >= habits.late.lowerBound { late += 1 }
                #expect(habits.think.contains(milliseconds) || habits.late.contains(milliseconds))
            case .giveBack: back += 1
            case .abandon: break
            }
        }
        #expect(abs(paid - 7500) < 300)
        #expect(abs(late - 500) < 150)
        #expect(abs(back - 500) < 150)
        let repeated = (0..<10_000).count { mix.isRepeated($0, flow: 0) }
        #expect(abs(repeated - 500) < 150)
        #expect((0..<100).allSatisfy { (50..<500).contains(mix.repetitionPause($0)) })
    }

    @Test func megaloadIsClosedAndHasUsersOfItsOwn() {
        let plan = plan(.megaload)
        #expect(plan.isClosed && !plan.usesCodes)
        #expect(plan.targetRate(at: 1) == nil)
        #expect((0..<100).map { plan.mix.userID($0, runID: "r") } == (0..<100).map { "r-\($0)" })
    }

    @Test func theSameSeedGivesTheSameUsersAndActions() {
        func facts(_ seed: UInt64) -> [String] {
            let mix = plan(.k6, seed: seed).mix
            return (0..<500).map { "\(mix.flow($0)) \(mix.userID($0, runID: "r"))" }
        }
        #expect(facts(9) == facts(9))
        #expect(facts(9) != facts(10))
    }

    @Test func sharesAreThoseOfTheWeights() {
        let mix = plan(.k6).mix
        var counts = [0, 0, 0, 0]
        for number in 0..<20_000 { counts[mix.flow(number)] += 1 }
        for (count, weight) in zip(counts, [70, 10, 10, 10]) { #expect(abs(count - weight * 200) < 300) }
    }

    @Test func poolsAndFavouritesHaveTheirSizes() {
        let pool = LoadMix([LoadFlow(name: "p", users: .pool(50))], seed: 1)
        #expect(Set((0..<2000).map { pool.user($0, flow: 0) }) == Set(0..<50))
        for exponent in [1.0, 0.7, 1.5] {
            let mix = LoadMix([LoadFlow(name: "z", users: .zipf(1000, exponent: exponent))], seed: 1)
            var counts = [Int](repeating: 0, count: 1000)
            for number in 0..<50_000 { counts[mix.user(number, flow: 0)] += 1 }
            #expect(counts[0] > counts[9] && counts[9] > counts[99])
            #expect(counts[0] > 50_000 / 1000 * 2)
        }
    }

    @Test func invalidRequestsAreOfFourKinds() {
        let template = CheckoutTemplate(plan: plan(.megaload))
        var buffer = ByteBuffer()
        var targets: [String] = []
        for number in 0..<4 {
            template.write(invalid: number, into: &buffer)
            targets.append(String(String(buffer: buffer).split(separator: " ")[1]))
        }
        #expect(
            targets == [
                "/checkout?id=1", "/checkout?user_id=&id=1", "/checkout?user_id=r-2&id=0",
                "/checkout?user_id=r-3&id=abc",
            ]
        )
    }

    @Test func repeatedRequestsCarryTheSameKey() throws {
        var scenario = LoadScenario.megaload
        scenario.flows[0].repeatPercent = 100
        let template = CheckoutTemplate(plan: plan(scenario))
        var buffer = ByteBuffer()
        template.write(number: 41, into: &buffer)
        #expect(
            String(buffer: buffer)
                == "POST /checkout?user_id=r-41&id=42 HTTP/1.1\r\nHost: h:1\r\nContent-Length: 0\r\n"
                + "Idempotency-Key: r-41\r\n\r\n"
        )
        #expect(buffer.readableBytes <= template.maximumLength)
    }

    @Test func guessesLookLikeCodesAndAreAllDifferent() {
        var plan = plan(.hour)
        plan.saleID = .init(7)
        let template = PurchaseTemplate(plan: plan)
        var seen: Set<String> = []
        var buffer = ByteBuffer()
        for number in 0..<200 {
            template.write(guess: number, into: &buffer)
            seen.insert(String(String(buffer: buffer).split(separator: " ")[1]))
        }
        #expect(seen.count == 200)
        #expect(seen.allSatisfy { $0.hasPrefix("/purchase?code=7-") && $0.count == "/purchase?code=7-".count + 26 })
    }

    @Test func aPaceScalesAScenario() throws {
        let k6 = try LoadScenario.k6.paced(.init(rate: 500, duration: 12))
        #expect(k6.stages.map(\.rate) == [500, 500])
        #expect(k6.seconds == 12)
        #expect(k6.flows.map(\.startsAfter) == [0, 0.5, 1, 1.5])
        let hour = try LoadScenario.hour.paced(.init(rate: 400))
        #expect(hour.stages.map(\.rate) == [400, 400, 100, 20])
        let plain = try LoadScenario.megaload.paced(.init(rate: 100, duration: 3))
        #expect(!plain.isClosed && plain.seconds == 3 && LoadCurve(plain.stages).requests == 300)
        #expect(try LoadScenario.megaload.paced(.init(rate: 100)).seconds == LoadScenario.Pace.usualSeconds)
        let stages = [LoadStage(rate: 10, seconds: 1)]
        #expect(try LoadScenario.k6.paced(.init(stages: stages)).stages == stages)
        #expect(try LoadScenario.k6.paced(.init(isClosed: true)).isClosed)
        #expect(try LoadScenario.megaload.paced(.init()) == .megaload)
    }

    @Test func contradictionsAreUsageErrors() throws {
        for pace in [
            LoadScenario.Pace(rate: 1, isClosed: true), .init(stages: [], isClosed: true),
            .init(stages: [LoadStage(rate: 1, seconds: 1)], duration: 3),
        ] {
            let error = try #require(throws: CommandFailure.self) { try LoadScenario.k6.paced(pace) }
            #expect(error.status == .usage && error.nextStep != nil)
        }
        var nothing = plan(.megaload)
        nothing.model = .open(LoadCurve(rate: 0.1, seconds: 1), .constant)
        #expect(try #require(throws: CommandFailure.self) { try nothing.validate() }.status == .usage)
    }
}
