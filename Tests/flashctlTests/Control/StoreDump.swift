import FlashSaleKit
import Logging
import NIOPosix

@testable import flashctl

/// Everything in both stores, to be compared byte by byte.
struct StoreDump: Equatable {
    /// Rows of every table and the positions of every sequence, by their names.
    let tables: [String: String]
    /// Every key with its serialized value.
    let keys: [String: [UInt8]]

    static func of(_ stores: CommandStack) async throws -> StoreDump {
        let tables = try await stores.withPostgres { postgres in
            var found: [String: String] = [:]
            for row in try await postgres.query("select tablename from pg_tables where schemaname = 'public'") {
                let name = try row[0].text
                let rows = try await postgres.query(
                    "select coalesce(string_agg(t::text, E'\\n' order by t::text), '') from \(identifier: name) t"
                )
                found[name] = try rows.one()[0].text
            }
            for row in try await postgres.query(
                "select sequencename, coalesce(last_value, 0) from pg_sequences where schemaname = 'public'"
            ) {
                found["sequence " + (try row[0].text)] = "\(try row[1].int64)"
            }
            return found
        }
        return try await stores.withRedis { redis in
            var keys: [String: [UInt8]] = [:]
            for key in try await redis.send(RedisCommand("KEYS", "*")).elements?.compactMap(\.string) ?? [] {
                keys[key] = try await redis.send(RedisCommand("DUMP", key)).bytes
            }
            return StoreDump(tables: tables, keys: keys)
        }
    }
}

extension CommandStack {
    /// Runs `body` with a connection to Redis of the test's own.
    func withRedis<Value: Sendable>(_ body: @Sendable (RedisClient) async throws -> Value) async throws -> Value {
        let redis = try await RedisClient.connect(
            to: RedisEndpoint(parsing: stack.redisURL),
            on: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let value = try await body(redis)
        await redis.close()
        return value
    }

    /// Seeds a sale that is open now, and returns its number.
    @discardableResult
    func seed(_ more: String...) async throws -> SaleID {
        let arguments = [
            "--name", "Lamp", "--image-url", "https://example.com/lamp.png", "--duration", "3h", "-o", "json",
        ]
        let outcome = try await run(SeedSaleCommand.self, arguments + more)
        guard outcome.status == .success, let number = try json(outcome.data, "sale", "id") as? Int,
            let id = SaleID(Int64(number))
        else { throw CommandFailure(.failure, "\(outcome)") }
        return id
    }

    /// What Redis knows of a sale.
    func snapshot(_ sale: SaleID) async throws -> SaleSnapshot? {
        try await withRedis { try await SaleController(redis: $0).snapshot(of: sale) }
    }

    /// The control log of a sale, one line a row.
    func controlLog(_ sale: SaleID) async throws -> [String] {
        try await withPostgres { postgres in
            try await ControlLog(postgres: postgres).entries(of: sale).map { entry in
                [entry.action, entry.value ?? "-", entry.actor, entry.reason].joined(separator: " | ")
            }
        }
    }
}
