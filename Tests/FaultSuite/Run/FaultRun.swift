import Foundation
import TestSupport

/// One fault with one seed.
struct FaultRun: Sendable {
    let fault: Fault
    let seed: Int
    var scale = Fault.Scale.full
    /// Where logs go, and the data of a run that shows a violation.
    let folder: String

    /// Runs it. Throws when the suite itself cannot go on; a broken promise is in the report.
    func execute() async throws -> FaultReport {
        var setup = fault.setup(seed)
        let long = scale == .full ? setup.long : nil
        if let long { setup.stock = long.stock }
        if setup.changesSale { try await FaultRun.keepAwayFromTheHour() }
        return try await ShopRun.with(setup, folder: folder) { [setup] shop in
            var plan = CrowdPlan()
            plan.limit = setup.limit
            plan.pause = long?.pause ?? plan.pause
            plan.keyed = setup.keyed ?? plan.keyed
            // A hold whose answer was lost lapses only after a minute when the sale was rebuilt meanwhile.
            if scale == .bounded { plan.keyed = 100 }
            var report = FaultReport(fault: fault.name, seed: seed)
            try await ShopRun.sell(shop, plan, seed: seed) {
                report.recovery = try await disturb(shop)
            }
            _ = try await ShopRun.judge(shop, &report)
            return report
        }
    }

    /// Sells, strikes, and waits until it sells again; how long that took in milliseconds.
    private func disturb(_ shop: FaultShop) async throws -> Int {
        var strike = Fault.Strike(shop: shop, seed: seed, scale: scale, random: SeededRandom(seed))
        try await strike.wait(1500...2500)
        try await fault.strike(&strike)
        shop.healed()
        // A full run measures it; here the machine may be slow.
        let limit = scale == .full ? fault.recovery : max(fault.recovery, TestPatience.limit)
        let recovery = try await ShopRun.recovery(of: shop, within: limit, after: fault.name)
        try await Task.sleep(for: .milliseconds(500))
        return Int((recovery ?? 0) / 1000)
    }

    /// The hourly sales that `rotate-hour` makes would become the current ones.
    private static func keepAwayFromTheHour() async throws {
        let second = Int(Date().timeIntervalSince1970) % 3600
        if second > 3400 { try await Task.sleep(for: .seconds(3605 - second)) }
    }
}
