import FlashSaleKit

/// Something that goes wrong while a sale is on.
struct Fault: Sendable {
    /// How much of a fault there is time for.
    enum Scale: String, Sendable {
        case full
        /// For `make test`.
        case bounded
    }

    /// What a fault gets to do its work.
    struct Strike: Sendable {
        let shop: FaultShop
        let seed: Int
        let scale: Scale
        var random: SeededRandom

        /// Waits some time of this range, in milliseconds.
        mutating func wait(_ range: ClosedRange<Int>) async throws {
            try await Task.sleep(for: random.milliseconds(range))
        }

        /// Waits for `full`, or for less when there is little time.
        func wait(full: Duration, bounded: Duration) async throws {
            try await Task.sleep(for: scale == .full ? full : bounded)
        }

        /// Any of the servers.
        mutating func anyServer() -> Int { Int.random(in: 0..<shop.serverCount, using: &random) }
    }

    let name: String
    /// How the shop is set up for a seed.
    let setup: @Sendable (_ seed: Int) -> ShopSetup
    /// Longest time to recover.
    let recovery: Duration
    /// Breaks something and heals it.
    let strike: @Sendable (inout Strike) async throws -> Void

    init(
        _ name: String,
        recovery: Duration = .seconds(30),
        setup: @escaping @Sendable (Int) -> ShopSetup = { _ in ShopSetup() },
        strike: @escaping @Sendable (inout Strike) async throws -> Void
    ) {
        self.name = name
        self.recovery = recovery
        self.setup = setup
        self.strike = strike
    }

    /// Every fault there is.
    static let all =
        serverFaults + redisFaults + redisSettingFaults + postgresFaults + drainFaults + recoveryFaults + hourFaults
        + clockFaults + proxyFaults + verifyFaults

    static func named(_ name: String) -> Fault? { all.first { $0.name == name } }

    /// So many servers; with `or`, the other number at every second seed.
    static func servers(_ count: Int, or other: Int? = nil) -> @Sendable (Int) -> ShopSetup {
        { seed in
            var setup = ShopSetup()
            setup.servers = seed.isMultiple(of: 2) ? other ?? count : count
            return setup
        }
    }
}
