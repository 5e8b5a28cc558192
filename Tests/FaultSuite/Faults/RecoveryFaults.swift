import FlashSaleKit
import Foundation
import TestSupport

extension Fault {
    /// Recoverers that die or stand still half way.
    static let recoveryFaults = [recoveryAbort, stopRecoverer]

    private static let names = Failpoint.names.filter { $0.hasPrefix("recovery.") }
    /// Those that a Redis restarted with all its data leads to as well.
    private static let adoption = [
        "recovery.epoch-taken", "recovery.cursors-raised", "recovery.fenced", "recovery.blessed",
    ]

    private static let recoveryAbort = Fault("recovery-abort", recovery: .seconds(60)) { strike in
        let name = names[strike.seed % names.count]
        let shop = strike.shop
        for server in 0..<shop.serverCount { await shop.kill(server) }
        if adoption.contains(name), strike.seed.isMultiple(of: 2) {
            try await shop.stack.killRedis()
            try await shop.stack.startRedis()
        } else {
            try await shop.losing { try await shop.redis("FLUSHALL") }
        }
        let process = try shop.launch(0, environment: [Failpoint.variable: "\(name)=abort"])
        try await strike.expectDeath(of: process, at: name)
        try await shop.startAll()
    }

    /// The one that stood still wakes up behind another one that has done its work, and must not write anything.
    private static let stopRecoverer = Fault("stop-recoverer", recovery: .seconds(60), setup: servers(2)) { strike in
        let name = names[strike.seed % names.count]
        let shop = strike.shop
        for server in 0..<shop.serverCount { await shop.kill(server) }
        try await shop.losing { try await shop.redis("FLUSHALL") }
        let stopped = try shop.launch(0, environment: [Failpoint.variable: "\(name)=stop"])
        let deadline = ContinuousClock.now + TestPatience.limit
        while !stopped.isStopped {
            guard ContinuousClock.now < deadline else {
                throw SuiteError("failpoint \(name) was not reached, log \(stopped.log)")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        let wakes = ContinuousClock.now + (strike.scale == .full ? .seconds(15) : .seconds(8))
        for server in 1..<shop.serverCount { try await shop.start(server) }
        try await Task.sleep(until: wakes)
        stopped.signal(SIGCONT)
        // Either it goes on with what others have done meanwhile, or it says that it must be started again.
        let limit = ContinuousClock.now + TestPatience.limit
        while stopped.isRunning, stopped.port == nil, ContinuousClock.now < limit {
            try await Task.sleep(for: .milliseconds(20))
        }
        if let status = stopped.status {
            // 69: Postgres has ended the session that stood still; 75: others have gone on without it.
            if ![69, 75].contains(status) {
                shop.fail("the recoverer that stood still ended with \(status), log \(stopped.log)")
            }
            try await shop.start(0)
        }
    }
}
