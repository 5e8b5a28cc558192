import FlashSaleKit
import Foundation
import TestSupport

extension Fault {
    /// One sale ends and the next begins, with `rotate-hour` run as badly as cron can.
    static let hourFaults = [hourBoundary]

    private static let deaths = Failpoint.names.filter { $0.hasPrefix("rotation.") }

    private static let hourBoundary = Fault(
        "hour-boundary",
        setup: { _ in
            var setup = ShopSetup()
            setup.servers = 2
            setup.changesSale = true
            return setup
        },
        strike: { strike in
            // Into the change, which the sale makes by itself.
            try await Task.sleep(for: .seconds(Int(FaultShop.firstSale) - 2))
            try await strike.wait(0...1500)
            // Nine seeds in a row see every way once: four of running it, and a death at each of its five steps.
            let step = strike.seed % (4 + deaths.count) - 4
            if step >= 0 {
                try await strike.rotateAndDie(at: deaths[step])
                return try await strike.finishFirstSale()
            }
            switch step + 4 {
            case 0: break
            case 1: _ = try await strike.rotate()
            case 2: try await strike.rotateInParallel(5)
            default:
                try await strike.wait(5000...7000)
                _ = try await strike.rotate()
            }
            try await strike.finishFirstSale()
        }
    )
}

extension Fault.Strike {
    /// Runs `rotate-hour`. 75: another one was at it; anything but 0 and 75 is a fault.
    fileprivate func rotate(_ environment: [String: String] = [:]) async throws -> Int32 {
        let outcome = try await BuiltBinary.run(["rotate-hour"] + shop.directAddresses, environment: environment)
        if ![0, 75, 128 + SIGKILL].contains(outcome.status) {
            shop.fail("rotate-hour ended with \(outcome.status): \(outcome.talk)")
        }
        return outcome.status
    }

    fileprivate func rotateInParallel(_ count: Int) async throws {
        try await withThrowingTaskGroup(of: Int32.self) { tasks in
            for _ in 0..<count { tasks.addTask { try await rotate() } }
            var statuses: [Int32] = []
            for try await status in tasks { statuses.append(status) }
            if !statuses.contains(0) { shop.fail("of \(count) rotations none was done: \(statuses)") }
        }
    }

    /// Killed at a step; some are only reached when the last hold of the ended sale has lapsed.
    fileprivate mutating func rotateAndDie(at name: String) async throws {
        let deadline = ContinuousClock.now + TestPatience.limit
        while try await rotate([Failpoint.variable: "\(name)=abort"]) != 128 + SIGKILL {
            guard ContinuousClock.now < deadline else { throw SuiteError("failpoint \(name) was not reached") }
            try await wait(200...400)
        }
    }

    /// However it was rotated before: in the end the first sale is finished, by whoever rotates next.
    fileprivate func finishFirstSale() async throws {
        let deadline = ContinuousClock.now + TestPatience.limit
        while try await shop.database.number("select count(*) from sales where id = 1 and finished_at is not null") == 0
        {
            guard ContinuousClock.now < deadline else {
                return shop.fail("sale 1 was not finished within \(TestPatience.limit)")
            }
            _ = try await rotate()
            try await Task.sleep(for: .milliseconds(300))
        }
    }
}
