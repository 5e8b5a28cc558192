import TestSupport

extension Fault {
    /// A server that is an hour wrong; Redis and Postgres are right.
    static let clockFaults = [clock("clock-forward", "+1h"), clock("clock-back", "-1h")]

    private static func clock(_ name: String, _ shift: String) -> Fault {
        Fault(name, setup: servers(1, or: 2)) { strike in
            await strike.shop.kill(0)
            try await strike.shop.start(0, environment: MovedClock.environment(shift))
            try await strike.wait(3000...6000)
            try await strike.shop.terminate(0)
            try await strike.shop.start(0)
        }
    }
}
