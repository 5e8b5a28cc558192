import Testing

@testable import FlashSaleKit

/// The deep checks on real stores, each finding provoked.
@Suite(.serialized) struct DeepReaderTests {
    private func check(
        _ name: DeepCheck.Name,
        _ shop: Shop,
        _ change: (inout DeepOptions) -> Void = { _ in }
    ) async throws -> DeepCheck {
        var options = DeepOptions()
        change(&options)
        let checks = await DeepReader(options: options, redis: shop.redis, postgres: shop.postgres).read()
        return try #require(checks.first { $0.name == name }, "\(checks)")
    }

    @Test func `everything is looked at once, in order`() async throws {
        try await Shop.with { shop in
            let checks = await DeepReader(options: DeepOptions(), redis: shop.redis, postgres: shop.postgres).read()
            #expect(checks.map(\.name) == DeepCheck.Name.allCases.filter { $0 != .openFiles })
            #expect(checks.allSatisfy { ($0.level == .ok) == ($0.fix == nil) })
            // What nobody has prepared, and what a busy machine may show; the rest is as it should be.
            let rest = checks.filter { ![.nextHour, .redisLatency, .postgresLatency, .slowCommands].contains($0.name) }
            #expect(rest.allSatisfy { $0.level == .ok }, "\(rest)")
        }
    }

    @Test func `commits that do not wait for the disk are found for database and role`() async throws {
        try await Shop.with { shop in
            _ = try await shop.postgres.query("alter database postgres set synchronous_commit = off")
            _ = try await shop.postgres.query("alter role postgres set synchronous_commit = off")
            let check = try await check(.databaseSettings, shop)
            #expect(check.level == .warning)
            #expect(check.sentence.contains("the database postgres and the role postgres"))
            #expect(check.fix?.contains("ALTER database postgres RESET synchronous_commit") == true)
            _ = try await shop.postgres.query("alter database postgres reset synchronous_commit")
            _ = try await shop.postgres.query("alter role postgres reset synchronous_commit")
            #expect(try await self.check(.databaseSettings, shop).level == .ok)
        }
    }

    @Test func `a Redis that has lost the scripts of an open sale is found`() async throws {
        try await Shop.with { shop in
            #expect(try await check(.scripts, shop).sentence.contains("9 scripts of this version are loaded"))
            _ = try await shop.redis.send(RedisCommand("SCRIPT", "FLUSH"))
            #expect(try await check(.scripts, shop).level == .ok, "nobody sells")
            for command in SaleScript.loadCommands { _ = try await shop.redis.send(command) }
            _ = try await shop.openSale()
            _ = try await shop.redis.send(RedisCommand("SCRIPT", "FLUSH"))
            let check = try await check(.scripts, shop)
            #expect(check.level == .warning)
            #expect(check.sentence.contains("checkout, purchase"))
            #expect(check.fix?.contains("--version") == true)
        }
    }

    @Test func `a command that held Redis up is found without its arguments`() async throws {
        try await Shop.with { shop in
            let loop = """
                local start = redis.call('TIME')
                repeat
                  local now = redis.call('TIME')
                until (now[1] - start[1]) * 1000000 + now[2] - start[2] > 150000
                return ARGV[1]
                """
            _ = try await shop.redis.send(RedisCommand("EVAL", loop, "0", "alice"))
            let check = try await check(.slowCommands, shop)
            #expect(check.level == .warning)
            #expect(check.sentence.contains("EVAL for "))
            #expect(!check.sentence.contains("alice"))
        }
    }

    @Test func `too little room for the journal is found`() async throws {
        try await Shop.with { shop in
            _ = try await shop.redis.send(RedisCommand("CONFIG", "SET", "maxmemory", "100mb"))
            #expect(try await check(.headroom, shop).level == .warning)
            #expect(try await check(.headroom, shop) { $0.backlogBytes = 1 << 20 }.level == .ok)
        }
    }

    @Test func `the disks of stores on this host are measured`() async throws {
        try await Shop.with { shop in
            #expect(try await check(.redisDisk, shop).sentence.contains("are free on the disk of Redis"))
            #expect(try await check(.postgresDisk, shop).sentence.contains("are free on the disk of Postgres"))
            _ = try await shop.postgres.query("create role guest login")
            let endpoint = try PostgresEndpoint(
                parsing: shop.stack.postgresURL.replacing("postgres@", with: "guest@")
            )
            let guest = try await PostgresConnection.connect(to: endpoint, logger: Shop.logger)
            // Who may not ask for the folder is told the size of the database.
            let details = try await PostgresDetails.read(guest)
            #expect(details.dataFolder == nil && details.databaseSize > 0)
            await guest.close()
        }
    }

    @Test func `a store that is away or too old leaves the checks of the other`() async throws {
        try await LocalStack.withTemporary { stack in
            let redis = try await Shop.connectRedis(stack)
            let postgres = try await Shop.connectPostgres(stack)
            let withoutSchema = await DeepReader(options: DeepOptions(), redis: redis, postgres: postgres).read()
            #expect(!withoutSchema.contains { $0.name == .nextHour })
            let redisOnly = await DeepReader(options: DeepOptions(), redis: redis, postgres: nil).read()
            #expect(redisOnly.map(\.name).last == .scripts)
            let postgresOnly = await DeepReader(options: DeepOptions(), redis: nil, postgres: postgres).read()
            #expect(postgresOnly.map(\.name).first == .postgresLatency)
            #expect(await DeepReader(options: DeepOptions(), redis: nil, postgres: nil).read().isEmpty)
            // What ends meanwhile is a finding, not an end.
            try await stack.stopRedis()
            let gone = await DeepReader(options: DeepOptions(), redis: redis, postgres: postgres).read()
            #expect(gone.first { $0.name == .persistence }?.sentence.contains("could not be looked at") == true)
            #expect(gone.first { $0.name == .postgresLatency } != nil)
            try await stack.startRedis()
            await redis.close()
            await postgres.close()
        }
    }
}
