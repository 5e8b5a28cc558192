import Foundation
import TestSupport

extension Fault {
    /// What happens to Redis and its data.
    static let redisFaults = [
        killRedisAlways, killRedisEverysec, redisEmpty, redis30sOld, stopRedis, flushAll, deleteKey,
    ]

    private static let killRedisAlways = Fault("kill-redis-always", setup: servers(1, or: 2)) { strike in
        try await strike.shop.stack.killRedis()
        try await strike.wait(0...1500)
        try await strike.shop.stack.startRedis()
    }

    /// A power cut: what was written in the last two seconds may not have reached the disk.
    private static let killRedisEverysec = Fault(
        "kill-redis-everysec",
        recovery: .seconds(60),
        setup: { seed in
            var setup = servers(1, or: 2)(seed)
            setup.fsync = "everysec"
            return setup
        },
        strike: { strike in
            let file = AppendOnlyFile(strike.shop.stack.directory)
            let kept = try file.size()
            try await strike.wait(100...2000)
            try await strike.shop.losing {
                try await strike.shop.stack.killRedis()
                try file.cut(to: kept)
                try await strike.shop.stack.startRedis()
            }
        }
    )

    private static let redisEmpty = Fault("redis-empty", recovery: .seconds(60), setup: servers(1, or: 2)) { strike in
        let shop = strike.shop
        try await shop.losing {
            try await shop.stack.killRedis()
            try FileManager.default.removeItem(atPath: AppendOnlyFile(shop.stack.directory).folder)
            try await shop.stack.startRedis()
        }
    }

    /// Enough units, and a crowd slow enough, that after thirty seconds not everything is sold.
    private static let longSale: @Sendable (Int) -> ShopSetup = { seed in
        var setup = servers(1, or: 2)(seed)
        setup.long = ShopSetup.Long(stock: 2400, pause: 100...700)
        return setup
    }

    /// Somebody restores a backup: Redis is thirty seconds older than Postgres, in a bounded run some seconds.
    private static let redis30sOld = Fault("redis-30s-old", recovery: .seconds(60), setup: longSale) { strike in
        let file = AppendOnlyFile(strike.shop.stack.directory)
        try await file.copy(to: file.folder + ".old")
        let shop = strike.shop
        if strike.scale == .full {
            try await strike.wait(30_000...32_000)
            let sold = try await shop.database.number("select count(*) from purchases")
            if sold >= shop.setup.stock { throw SuiteError("all \(sold) units were sold before Redis was replaced") }
        } else {
            try await strike.wait(2000...5000)
        }
        try await shop.losing {
            try await shop.stack.killRedis()
            try FileManager.default.removeItem(atPath: file.folder)
            try FileManager.default.moveItem(atPath: file.folder + ".old", toPath: file.folder)
            try await shop.stack.startRedis()
        }
    }

    private static let stopRedis = Fault("stop-redis", setup: servers(1, or: 2)) { strike in
        try await strike.shop.stack.pauseRedis()
        try await strike.wait(full: .seconds(15), bounded: .seconds(6))
        strike.shop.stack.resumeRedis()
    }

    private static let flushAll = Fault("flushall", recovery: .seconds(60), setup: servers(1, or: 2)) { strike in
        try await strike.shop.losing { try await strike.shop.redis("FLUSHALL") }
    }

    private static let deleteKey = Fault("delete-key", recovery: .seconds(60), setup: servers(1, or: 2)) { strike in
        let names = [
            "sale", "users", "ledger", "bought", "attempts", "banned", "holds", "deadlines", "receipts",
        ]
        let name = names[strike.seed % names.count]
        let shop = strike.shop
        if name == "ledger" || name == "attempts" {
            try await shop.losing { try await shop.redis("DEL", "fs:{1}:\(name)") }
        } else {
            // The journal is whole, so the rest can be made again from it.
            try await shop.redis("DEL", "fs:{1}:\(name)")
        }
    }
}

/// The files in which a stopped Redis keeps its data.
struct AppendOnlyFile: Sendable {
    let folder: String

    /// Those of the stack in `directory`.
    init(_ directory: String) {
        folder = directory + "/redis/appendonlydir"
    }

    /// The file that grows.
    private func path() throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".incr.aof") }
        guard let name = names.sorted().last else { throw SuiteError("there is no append-only file in \(folder)") }
        return "\(folder)/\(name)"
    }

    func size() throws -> UInt64 {
        let attributes = try FileManager.default.attributesOfItem(atPath: path())
        return (attributes[.size] as? NSNumber)?.uint64Value ?? 0
    }

    /// Loses the end of it.
    func cut(to size: UInt64) throws {
        let handle = try FileHandle(forWritingTo: URL(filePath: path()))
        try handle.truncate(atOffset: size)
        try handle.close()
    }

    func copy(to other: String) async throws {
        let outcome = try await BuiltBinary.program(["/bin/cp", "-a", folder, other])
        guard outcome.status == 0 else { throw SuiteError("cp failed: \(outcome.talk)") }
    }
}
