import Foundation

@testable import FlashSaleKit

/// A sale that really sold, with records of every kind: drained ones, and some that are still in the journal. Another
/// sale stands beside it.
struct VerifyMarket: Sendable {
    let shop: Shop
    let open: OpenSale
    let other: OpenSale

    /// `number` tells the markets of one shop apart: sales have different starts.
    static func make(_ shop: Shop, _ number: Int) async throws -> VerifyMarket {
        let ago = Int64(100_000 + number * 20)
        let open = try await shop.openSale(stock: 30, limit: 3, opensAgo: ago)
        let other = try await shop.openSale(stock: 30, limit: 3, opensAgo: ago + 10)
        let market = VerifyMarket(shop: shop, open: open, other: other)
        try await market.trade()
        let small = try await other.checkout(["zoe", "zoe", "yan"], expect: "HHH")
        try await other.purchase([small[0]])
        try await other.drainLedger()
        try await other.drainAttempts()
        return market
    }

    private func trade() async throws {
        let first = try await open.checkout((1...10).map { "anna\($0)" }, expect: "HHHHHHHHHH")
        try await open.checkout(["anna1", "anna1"], expect: "HH")
        try await open.checkout(["anna1", "anna2"], expect: "LH")
        try await control(.ban(user: "eve"))
        try await control(.ban(user: "mallory"))
        try await open.checkout(["eve", "bob", "eve"], expect: "BHB")
        try await open.purchase(Array(first[0...3]))
        try await open.purchase([first[4]], ticket: "golden")
        try await open.purchase([first[5]])
        try await open.release([first[6]])
        try await open.lapse(first[7])
        guard try await open.expire() == 1 else { throw ShopError("one hold was to lapse") }
        let rest = try await open.snapshot().free
        let crowd = try await open.checkout((1...rest).map { "carl\($0)" })
        try await open.checkout(["dora1", "dora2", "dora3", "eve"], expect: "SSSB")
        try await open.release([crowd[0]])
        try await open.purchase([crowd[3]])
        try await control(.pauseCheckout)
        try await open.drainLedger()
        try await open.drainAttempts()
        // What follows is decided and not in Postgres yet.
        try await open.purchase([crowd[1]])
        try await open.release([crowd[2]])
    }

    private func control(_ operation: ControlCall.Operation) async throws {
        guard let request = ControlCall.Request(operation, who: "ops", why: "test") else {
            throw ShopError("no request")
        }
        let reply = try await shop.redis.send(
            ControlCall.command(keys: open.keys, epoch: open.epoch, confirmed: shop.store.now(), request: request)
        )
        guard try ControlCall.parse(reply).decision == .changed else { throw ShopError("the control was refused") }
    }

    /// A recount of the first sale, which does not wait for a recovery.
    func verify(_ depth: Verification.Depth = .full) async throws -> VerificationReport {
        try await Verification(redis: shop.redis, postgres: shop.postgres, patience: .zero).run(open.id, depth: depth)
    }

    /// Changes what no constraint and no trigger would let through.
    func force(_ sql: SQL) async throws {
        let touched = try await shop.postgres.transaction { session in
            try session.query("set local session_replication_role = replica")
            return try session.query(sql).affected
        }
        guard touched > 0 else { throw ShopError("nothing was corrupted") }
    }

    /// Sends a command to Redis behind the scripts' back.
    func send(_ parts: String...) async throws {
        _ = try await shop.redis.send(RedisCommand(parts: parts.map(RedisArgument.string)))
    }

    /// A row of Postgres by chance: its values as texts.
    func pick(_ sql: SQL, _ random: inout SeededGenerator) async throws -> [String] {
        let rows = try await shop.postgres.query(sql)
        guard let row = Array(rows).randomElement(using: &random) else { throw ShopError("there is no victim") }
        return try (0..<row.count).map { try row[$0].text }
    }

    /// A field of a hash by chance, without the sentinel.
    func pickField(_ key: String, _ random: inout SeededGenerator) async throws -> (field: String, value: String) {
        let flat = try await shop.redis.send(RedisCommand("HGETALL", key)).elements ?? []
        let fields = stride(from: 0, to: flat.count, by: 2).map { (flat[$0].string ?? "", flat[$0 + 1].string ?? "") }
        guard let found = fields.filter({ !$0.0.isEmpty }).sorted(by: { $0.0 < $1.0 }).randomElement(using: &random)
        else { throw ShopError("there is no victim in \(key)") }
        return found
    }

    /// Fields of a value, with one of them replaced.
    static func replacing(_ field: Int, in value: String, with text: String) -> String {
        var parts = value.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        parts[field] = text
        return parts.joined(separator: "\t")
    }
}

/// One thing that goes wrong behind everybody's back.
struct Corruption: Sendable {
    let name: String
    /// Conditions of which one must be violated, with a finding that has the clue.
    let kinds: [Invariant.Kind]
    /// Does it, and returns what the finding must name.
    let apply: @Sendable (VerifyMarket, inout SeededGenerator) async throws -> String

    init(
        _ name: String,
        _ kinds: Invariant.Kind...,
        apply: @escaping @Sendable (VerifyMarket, inout SeededGenerator) async throws -> String
    ) {
        self.name = name
        self.kinds = kinds
        self.apply = apply
    }
}
