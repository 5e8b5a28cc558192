import Foundation
import Testing

@testable import FlashSaleKit

/// A generator whose numbers follow from its seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}

/// Random operations on the scripts and on the model: every reply, the whole state and the whole journal must agree.
///
/// `FLASHCTL_SEEDS` is the number of seeds, `FLASHCTL_SEED` repeats a single one.
@Suite(.serialized) struct ScriptModelTests {
    static let seeds: [UInt64] = {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["FLASHCTL_SEED"].flatMap(UInt64.init) { return [seed] }
        let count = environment["FLASHCTL_SEEDS"].flatMap(Int.init) ?? 40
        let first = UInt64.random(in: 0...1_000_000_000)
        return (0..<count).map { first + UInt64($0) }
    }()

    static let reachable: Set<String> = [
        "checkout H", "checkout S", "checkout L", "checkout B", "checkout h", "checkout notOpen", "checkout closed",
        "checkout paused", "checkout resendWithHoldIDs", "purchase purchased", "purchase alreadyPurchased",
        "purchase lapsed", "purchase unknown", "purchase paused", "release released", "release alreadyPurchased",
        "release lapsed", "release unknown", "settle released", "settle unknown", "checkout O", "expire all",
        "expire more", "control changed", "control unchanged", "control refused",
    ]

    @Test func `scripts and model agree on random operations`() async throws {
        try await withRedis { client in
            var seen: Set<String> = []
            for (index, seed) in Self.seeds.enumerated() {
                var run = try await ModelRun(client, saleID: Int64(index + 1), seed: seed)
                try await run.run(steps: 80)
                seen.formUnion(run.seen)
            }
            // The operations must reach everything that the rules know, or agreement would mean little.
            if Self.seeds.count >= 20 { #expect(Self.reachable.subtracting(seen) == [], "seeds \(Self.seeds)") }
        }
    }
}

/// One sale, one seed.
struct ModelRun {
    struct Disagreement: Error, CustomStringConvertible {
        let description: String
    }

    private let seed: UInt64
    let bench: SaleBench
    private var random: SeededGenerator
    private(set) var model: SaleModel
    private var journal: JournalReader
    private(set) var seen: Set<String> = []
    private let drainable: Bool
    private var step = 0
    private var operation = ""
    /// Every hold id so far with its owner: ids depend on the user.
    private var known: [(id: HoldID, user: UserID, keyed: Bool)] = []

    private static let users: [UserID] = ["ann", "jos\u{E9}", "jose\u{301}", "ü:\"\\'", "💥 user", "5", "-"]
    private static let items: [Int64] = [1, 42, 9_007_199_254_740_993, .max, .max - 1]

    init(_ client: RedisClient, saleID: Int64, seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let bench = try await SaleBench.open(
            client,
            id: saleID,
            stock: Int.random(in: 1...12, using: &random),
            limit: Int.random(in: 1...5, using: &random),
            holdMilliseconds: Int64.random(in: 1000...3000, using: &random),
            clock: try await frozenTime(client),
            opensAfter: random.chance(20) ? 500 : 0,
            closesAfter: 20_000
        )
        try await self.init(bench, seed: seed, random)
    }

    /// On a sale that is open and untouched.
    ///
    /// - Parameter drainable: whether what happens can be drained, as in a shop: a hold id comes a second time only
    ///   with its `Idempotency-Key`. The journal is then compared from here on only.
    init(_ bench: SaleBench, seed: UInt64, _ random: SeededGenerator, drainable: Bool = false) async throws {
        self.bench = bench
        self.seed = seed
        let clock = try await bench.snapshot().clock
        model = SaleModel(terms: bench.terms, epoch: bench.epoch, clock: clock)
        journal = JournalReader(bench)
        self.random = random
        self.drainable = drainable
        if drainable { _ = (try await journal.next(), model.takeRecords()) }
    }

    mutating func run(steps: Int) async throws {
        try await compare()
        for step in 1...steps {
            self.step = step
            if random.chance(40) { try await advanceClock() }
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<50: try await checkout()
            case 50..<72: try await purchase()
            case 72..<79: try await release()
            case 79..<82: try await settle()
            case 82..<90: try await expire()
            default: try await control()
            }
            try await compare()
        }
    }

    private func agree<Value: Equatable>(_ what: String, _ script: Value, _ model: Value) throws {
        guard script != model else { return }
        throw Disagreement(
            description: """
                seed \(seed), step \(step), \(operation): \(what) differs
                script: \(script)
                model:  \(model)
                repeat with FLASHCTL_SEED=\(seed)
                """
        )
    }

    private mutating func compare() async throws {
        try agree("state", try await SaleImage(reading: bench), SaleImage(model))
        try agree("journal", try await journal.next(), model.takeRecords().map(\.asOnStream))
        try agree("promises", model.brokenPromises(), [])
        try agree("snapshot", try await bench.snapshot().isConsistent, true)
    }

    /// By a little, to a deadline or just beside it, or far.
    private mutating func advanceClock() async throws {
        var target = model.clock
        if random.chance(50), let hold = model.openHolds.values.map(\.deadline).sorted().randomElement(using: &random) {
            target = Timestamp(microseconds: hold.microseconds + Int64.random(in: -1...1, using: &random))
        } else {
            target.microseconds += Int64.random(in: 1...(random.chance(30) ? 1_500_000 : 1000), using: &random)
        }
        model.advanceClock(to: target)
        try await bench.setClock(model.clock)
    }

    private mutating func checkout() async throws {
        let count = random.chance(5) ? 40 : Int.random(in: 1...6, using: &random)
        let withoutIDs = random.chance(15)
        let attempts = (0..<count).map { _ in newAttempt(withoutID: withoutIDs) }
        operation = "checkout \(attempts)"
        let expected = model.checkout(attempts, at: model.clock)
        let reply = try await bench.checkout(attempts, flags: !withoutIDs && random.chance(30))
        try agree("clock", reply.now, expected.now)
        try agree("status", reply.status, expected.status)
        guard let decision = reply.decision, let results = expected.decision else {
            seen.insert("checkout \(reply.status)")
            return
        }
        try agree("deadline", decision.deadline, expected.now.adding(milliseconds: model.holdMilliseconds))
        let letters = attempts.indices.map(decision.letter(at:))
        try agree("letters", letters, results.map(\.letter))
        for letter in letters { seen.insert("checkout \(Character(UnicodeScalar(letter)))") }
        let repeats = results.enumerated().compactMap { index, result -> CheckoutCall.Repeat? in
            guard case .repeated(let itemID, let deadline) = result else { return nil }
            return CheckoutCall.Repeat(index: index, itemID: itemID, deadline: deadline)
        }
        try agree("repeats", decision.repeats, repeats)
        try agree("compression", decision.letters.count == 1, Set(letters).count == 1)
    }

    private mutating func see(_ operation: String, _ outcomes: [String]) {
        seen.formUnion(outcomes.map { "\(operation) \($0)" })
    }

    private mutating func newAttempt(withoutID: Bool) -> SaleModel.Attempt {
        let user = Self.users.randomElement(using: &random) ?? "ann"
        let item = Self.items.randomElement(using: &random) ?? 1
        if withoutID { return SaleModel.Attempt(user: user, itemID: item, holdID: nil) }
        if random.chance(20), let old = known.filter({ $0.keyed || !drainable }).randomElement(using: &random) {
            return SaleModel.Attempt(user: old.user, itemID: item, holdID: old.id, keyed: old.keyed)
        }
        let id = HoldID(high: random.next(), low: random.next())
        let keyed = random.chance(30)
        known.append((id, user, keyed))
        return SaleModel.Attempt(user: user, itemID: item, holdID: id, keyed: keyed)
    }

    /// Mostly holds that exist, sometimes the same one twice, sometimes one that nobody knows.
    private mutating func someHolds() -> [HoldID] {
        (0..<Int.random(in: 1...5, using: &random)).map { _ in
            if random.chance(70), let open = model.openHolds.keys.sorted(by: { $0.low < $1.low }).first { return open }
            return known.randomElement(using: &random)?.id ?? HoldID(high: random.next(), low: 0)
        }
    }

    private mutating func purchase() async throws {
        let claims = someHolds().enumerated().map { index, id in
            PurchaseCall.Claim(holdID: id, ticket: index == 0 ? "T-\(step)" : "")
        }
        operation = "purchase \(claims)"
        let expected = model.purchase(claims, at: model.clock)
        try agree("reply", try await bench.purchase(claims), expected)
        see("purchase", expected.decision?.map { "\($0)" } ?? ["\(expected.status)"])
    }

    private mutating func release() async throws {
        let ids = someHolds()
        operation = "release \(ids)"
        let expected = model.release(ids, at: model.clock)
        try agree("reply", try await bench.release(ids), expected)
        see("release", expected.decision?.map { "\($0)" } ?? ["\(expected.status)"])
    }

    /// As a server does: of holds whose code no key chose, some of which were never made.
    private mutating func settle() async throws {
        var ids = someHolds().filter { id in known.contains { $0.id == id && !$0.keyed } }
        let lost = HoldID(high: random.next(), low: random.next())
        known.append((lost, Self.users.randomElement(using: &random) ?? "ann", false))
        ids.append(lost)
        let batchEpoch = random.chance(70) ? bench.epoch : bench.epoch - 1
        operation = "settle \(ids) sent at \(batchEpoch)"
        let expected = model.settle(ids, sentAt: batchEpoch, at: model.clock)
        try agree("reply", try await bench.settle(ids, sentAt: batchEpoch), expected)
        see("settle", expected.decision?.map { "\($0)" } ?? ["\(expected.status)"])
    }

    private mutating func expire() async throws {
        let maximum = Int.random(in: 1...5, using: &random)
        operation = "expire \(maximum)"
        let expected = model.expire(maximum: maximum, at: model.clock)
        try agree("reply", try await bench.expire(maximum: maximum), expected)
        see("expire", expected.decision.map { [$0.more ? "more" : "all"] } ?? ["\(expected.status)"])
    }

    private mutating func control() async throws {
        let user = Self.users.randomElement(using: &random) ?? "ann"
        var operations: [ControlCall.Operation] = [
            .pauseCheckout, .resumeCheckout, .resumeCheckout, .resumeCheckout, .pausePurchase, .resumePurchase,
            .resumePurchase, .resumePurchase, .ban(user: user), .unban(user: user), .unban(user: user),
            .lowerLimit(Int.random(in: 1...6, using: &random)), .finish,
        ]
        // In a shop a sale is withdrawn for good, in one step with its record: nothing is rebuilt of it.
        if !drainable {
            operations.append(.withdraw(sequence: model.sequence - Int64.random(in: 0...1, using: &random)))
        }
        let chosen = operations.randomElement(using: &random) ?? .finish
        operation = "control \(chosen)"
        let request = try #require(ControlCall.Request(chosen, who: "ann", why: "test"))
        let expected = model.control(request, at: model.clock)
        try agree("reply", try await bench.control(chosen), expected)
        see("control", ["\(expected.decision.map { "\($0)" } ?? "\(expected.status)")"])
    }
}
