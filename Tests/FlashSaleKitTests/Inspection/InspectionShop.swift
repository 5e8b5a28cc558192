@testable import FlashSaleKit

/// What the tests of the inspection do with a sale besides what buyers do.
extension OpenSale {
    var inspection: Inspection { Inspection(redis: shop.redis, postgres: shop.postgres, patience: .milliseconds(500)) }

    func control(_ operation: ControlCall.Operation, why: String = "test") async throws {
        guard let request = ControlCall.Request(operation, who: "ops", why: why) else { throw ShopError("no request") }
        let reply = try await shop.redis.send(
            ControlCall.command(keys: keys, epoch: epoch, confirmed: shop.store.now(), request: request)
        )
        guard try ControlCall.parse(reply).decision == .changed else { throw ShopError("the control was refused") }
    }

    func drain() async throws {
        try await drainLedger()
        try await drainAttempts()
    }

    func inspect(_ user: UserID, attempts: Int = 10) async throws -> UserInspection {
        guard let found = try await inspection.inspect(user: user, in: id, attempts: attempts) else {
            throw ShopError("there is no such sale")
        }
        return found
    }

    func explain(_ subject: Subject, limit: Int = 200) async throws -> Explanation {
        guard let found = try await inspection.explain(subject, in: id, limit: limit) else {
            throw ShopError("there is no such subject")
        }
        return found
    }

    func send(_ parts: String...) async throws {
        _ = try await shop.redis.send(RedisCommand(parts: parts.map(RedisArgument.string)))
    }
}
