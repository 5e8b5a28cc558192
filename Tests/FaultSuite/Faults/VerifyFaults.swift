import FlashSaleKit
import TestSupport

extension Fault {
    /// Nothing breaks: `flashctl verify` is run again and again while a load test takes everything that the server has.
    static let verifyFaults = [verifyUnderLoad]

    private static let verifyUnderLoad = Fault(
        "verify-under-load",
        setup: { seed in
            var setup = servers(1, or: 2)(seed)
            // They are held, lapse after three seconds and are held again: holds, refusals and expiries without end.
            setup.stock = 1500
            return setup
        },
        strike: { strike in
            let shop = strike.shop
            let ends = ContinuousClock.now + (strike.scale == .full ? .seconds(60) : .seconds(8))
            let recounts = try await withThrowingTaskGroup(of: Int.self) { tasks in
                for server in 0..<shop.serverCount {
                    tasks.addTask {
                        try await shop.load(server, until: ends)
                        return 0
                    }
                }
                tasks.addTask { try await shop.recount(until: ends) }
                return try await tasks.reduce(0, +)
            }
            let loaded = "select count(*) from attempts where user_id like '\(Books.loadUsers)%'"
            let attempts = try await shop.database.number(loaded)
            guard recounts >= 3, attempts >= 5000 else {
                throw SuiteError("\(recounts) recounts during \(attempts) attempts of a load test show nothing")
            }
        }
    )
}

extension FaultShop {
    /// Sends all the load that one server takes.
    fileprivate func load(_ server: Int, until end: ContinuousClock.Instant) async throws {
        guard let port = port(of: server) else { throw SuiteError("server \(server) does not listen") }
        var number = 0
        while ContinuousClock.now < end {
            number += 1
            let outcome = try await BuiltBinary.run([
                "loadtest", "--target", "http://127.0.0.1:\(port)", "--requests", "20000", "--connections", "64",
                "--run-id", "\(Books.loadUsers)\(server)-\(number)",
            ])
            if outcome.status != 0 { fail("loadtest ended with \(outcome.status): \(outcome.output)\(outcome.talk)") }
        }
    }

    /// Counts again and again; how often.
    fileprivate func recount(until end: ContinuousClock.Instant) async throws -> Int {
        var count = 0
        while ContinuousClock.now < end || count < 3 {
            let outcome = try await BuiltBinary.run(["verify"] + directAddresses)
            if outcome.status != 0 {
                fail("flashctl verify ended with \(outcome.status) under load: \(outcome.output)\(outcome.talk)")
            }
            count += 1
        }
        return count
    }
}
