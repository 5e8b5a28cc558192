import Foundation

/// Minutes of one fault after the other, with more buyers than units.
struct ChaosRun: Sendable {
    let minutes: Double
    let seed: Int
    let folder: String

    /// Those that need a shop of another kind, or break nothing.
    private static let left = ["hour-boundary", "verify-under-load"]

    /// What was done to the shop.
    struct Blow: Sendable {
        let fault: String
        let second: Int
        let recovery: Int
    }

    struct Outcome: Sendable {
        let report: FaultReport
        let books: Books
        let blows: [Blow]
        let setup: ShopSetup
    }

    private var setup: ShopSetup {
        var setup = ShopSetup()
        setup.servers = 3
        setup.stock = 10_000
        setup.limit = 10
        setup.hold = "6s"
        setup.proxies = true
        return setup
    }

    /// About a hundred codes a second: sold out after two minutes, and wanted three times over after five.
    private var plan: CrowdPlan {
        var plan = CrowdPlan()
        plan.buyers = 120
        plan.limit = setup.limit
        plan.pause = 100...900
        plan.thinking = 100...1500
        plan.slowThinking = 5000...8000
        plan.greedyNames = 20
        return plan
    }

    func execute() async throws -> Outcome {
        var books = Books()
        var blows: [Blow] = []
        let report = try await ShopRun.with(setup, folder: folder) { shop in
            var report = FaultReport(fault: "chaos", seed: seed)
            try await ShopRun.sell(shop, plan, seed: seed) { blows = try await strike(shop) }
            books = try await ShopRun.judge(shop, &report)
            report.recovery = blows.map(\.recovery).max() ?? 0
            return report
        }
        return Outcome(report: report, books: books, blows: blows, setup: setup)
    }

    private func strike(_ shop: FaultShop) async throws -> [Blow] {
        var strike = Fault.Strike(shop: shop, seed: seed, scale: .bounded, random: SeededRandom(seed))
        let faults = Fault.all.filter { !ChaosRun.left.contains($0.name) }
        let started = ContinuousClock.now
        var blows: [Blow] = []
        try await strike.wait(2000...4000)
        while ContinuousClock.now - started < .seconds(minutes * 60) {
            let fault = faults[Int.random(in: 0..<faults.count, using: &strike.random)]
            let seed = Int.random(in: 0..<1000, using: &strike.random)
            var blow = Fault.Strike(shop: shop, seed: seed, scale: .bounded, random: strike.random)
            let second = Int((ContinuousClock.now - started).components.seconds)
            Say.talk("\(second) s: \(fault.name), seed \(seed)")
            let began = History.now
            try await fault.strike(&blow)
            shop.healed()
            let recovery = try await ShopRun.recovery(of: shop, within: fault.recovery, after: fault.name)
            shop.disturbed(since: began)
            blows.append(Blow(fault: fault.name, second: second, recovery: Int((recovery ?? 0) / 1000)))
            guard recovery != nil else { break }
            try await strike.wait(1000...4000)
        }
        return blows
    }
}
