import Testing

@testable import FlashSaleKit

/// Nothing that counts ends by itself.
@Suite(.serialized) struct KeyLifeTests {
    /// Keys of this Redis that would end by themselves, or that nobody expects.
    private func oddKeys(_ shop: Shop, _ sales: [OpenSale]) async throws -> [String] {
        let expected = Set(sales.flatMap(\.keys.all) + [Handshake.installationKey, BlessedRun.key])
        var odd: [String] = []
        for key in try await shop.redis.send(RedisCommand("KEYS", "*")).elements?.compactMap(\.string) ?? [] {
            let life = try await shop.redis.send(RedisCommand("PTTL", key)).integerValue
            if life != -1 || !expected.contains(key) { odd.append("\(key) lives for \(life ?? 0) ms") }
        }
        return odd
    }

    @Test("no key of a sale has a time to live, from its opening to its end")
    func immortal() async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            var open = try await shop.openSale(stock: 6, limit: 2)
            #expect(try await oddKeys(shop, [open]) == [])
            let holds = try await open.checkout(["anna", "anna", "bob", "carl", "anna"], expect: "HHHHL")
            try await open.purchase([holds[0]])
            try await open.release([holds[1]])
            try await open.lapse(holds[2])
            #expect(try await open.expire() == 1)
            #expect(try await oddKeys(shop, [open]) == [])
            for operation: ControlCall.Operation in [
                .pauseCheckout, .resumeCheckout, .pausePurchase, .resumePurchase, .ban(user: "eve"),
                .unban(user: "eve"), .lowerLimit(1),
            ] {
                let request = try #require(ControlCall.Request(operation, who: "ann", why: "test"))
                let command = ControlCall.command(keys: open.keys, epoch: open.epoch, request: request)
                #expect(try ControlCall.parse(try await shop.redis.send(command)).decision == .changed)
            }
            #expect(try await oddKeys(shop, [open]) == [])
            try await open.drainLedger()
            try await open.drainAttempts()
            // Taken over under another epoch.
            _ = try await shop.postgres.query("update redis_identity set run_id = 'another'")
            let validated = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            open.epoch = try #require(validated.epochs[open.id])
            #expect(try await oddKeys(shop, [open]) == [])
            try await open.purchase([holds[3]])
            try await open.end()
            #expect(try await Rotation(redis: shop.redis, postgres: shop.postgres).run().finished == [open.id])
            let sales = try await shop.store.all(limit: 10).map { OpenSale(shop: shop, sale: $0, epoch: 0) }
            #expect(try await oddKeys(shop, sales) == [])
        }
    }

    @Test(
        "a Redis that may evict keys is refused, whichever it would pick",
        arguments: ["allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-ttl"]
    )
    func eviction(policy: String) async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale()
            _ = try await shop.redis.send(RedisCommand("CONFIG", "SET", "maxmemory-policy", policy))
            do {
                _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
                Issue.record("it was accepted")
            } catch let error as RecoveryError {
                #expect(error.code == .unsafeConfiguration)
                #expect(error.message.contains("noeviction") && error.message.contains(policy))
            }
            _ = try await shop.redis.send(RedisCommand("CONFIG", "SET", "maxmemory-policy", "noeviction"))
            let validated = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            #expect(validated.epochs.keys.sorted() == [open.id])
        }
    }
}
