import FlashSaleKit
import Logging

/// Looks once a second at what Redis has to carry, and has checkouts refused before they are decided when it is too
/// much: nothing that was decided may ever be dropped. Purchases and releases go on, they make room.
struct LoadWatch: Sendable {
    let supervisor: RedisSupervisor
    let postgres: PostgresLink
    let state: ServerState
    let loops: [LoopHandle]
    let limits: HighWater
    let logger: Logger

    /// What is remembered from one look to the next.
    private struct Memory {
        var redis: RedisClient?
        let meter = JournalMeter()
        /// Where Postgres was when it was last asked; while it is away nothing moves.
        var positions = JournalPositions()
        var highWater: HighWater
    }

    /// Watches until cancelled.
    func run() async {
        var memory = Memory(highWater: limits)
        while !Task.isCancelled {
            do {
                try await look(&memory)
            } catch {
                // The supervisor finds out why Redis does not answer; without it nothing is decided anyway.
                logger.debug("the load of redis cannot be read", metadata: ["reason": "\(error)"])
                await memory.redis?.close()
                memory.redis = nil
            }
            try? await Task.sleep(for: Limits.loadInterval * Double.random(in: 0.9...1.1))
        }
        await memory.redis?.close()
    }

    private func look(_ memory: inout Memory) async throws {
        let redis = try await client(&memory)
        async let cursors = positions()
        let facts = try await RedisGuards.read(redis)
        if let known = await cursors { memory.positions = known }
        let open = state.current.sales.filter { $0.epoch != nil }.map(\.id)
        let positions = memory.positions.covering(open)
        let now = try await RedisTime.read(redis)
        let lags = try await memory.meter.measure(positions, redis: redis, now: now)
        let stocks = try await SaleStock.read(positions.sales, redis)
        let load = RedisLoad(
            backlogBytes: lags.reduce(0) { $0 + $1.bytes },
            usedMemory: facts.usedMemory,
            // Without a maxmemory there is no brake: the operator has chosen so, and is warned.
            maxmemory: facts.maxmemory > 0 ? facts.memoryLimit : 0
        )
        let turned = memory.highWater.observe(load)
        let sentence = memory.highWater.sentence(load)
        let memoryIsShort = memory.highWater.reason == .memory
        state.update { values in
            values.load = load
            values.lags = lags
            values.stocks = stocks
            values.measuredAt = .now
            values.overload = sentence
            values.memoryIsShort = memoryIsShort
        }
        if turned { tell(sentence) }
    }

    private func tell(_ overload: String?) {
        for loop in loops { loop.run { $0.refusesCheckouts = overload != nil } }
        if let overload {
            logger.warning("checkouts are refused", metadata: ["reason": "\(overload)"])
        } else {
            logger.notice("checkouts go on: the load of redis is below its limits again")
        }
    }

    /// Nil while Postgres is away.
    private func positions() async -> JournalPositions? {
        do {
            return try await JournalPositions.read(try await postgres.connection())
        } catch {
            logger.debug("the cursors cannot be read", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    private func client(_ memory: inout Memory) async throws -> RedisClient {
        if let redis = memory.redis, redis.isActive { return redis }
        let (made, _) = try await supervisor.connectValidated()
        memory.redis = made
        return made
    }
}

/// The units of a sale as Redis counts them.
struct SaleStock: Sendable, Equatable {
    var sale: SaleID
    var epoch: Int64
    var free: Int64
    var held: Int64
    var sold: Int64

    /// Reads these sales; those without counters are left out.
    static func read(_ sales: [SaleID], _ redis: RedisClient) async throws -> [SaleStock] {
        var stocks: [SaleStock] = []
        for sale in sales {
            let command = RedisCommand("HMGET", SaleKeys(sale).sale, "epoch", "free", "held", "sold")
            let numbers = (try await redis.sendRaw(command).elements ?? []).compactMap(\.integerValue)
            guard numbers.count == 4 else { continue }
            stocks.append(
                SaleStock(sale: sale, epoch: numbers[0], free: numbers[1], held: numbers[2], sold: numbers[3])
            )
        }
        return stocks
    }
}
