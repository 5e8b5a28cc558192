import Testing

@testable import FlashSaleKit

@Suite(.timeLimit(.minutes(20))) struct RedisGuardsTests {
    @Test func `a server fit for a sale has no problems`() async throws {
        try await RedisTestServer.with(["appendfsync": "always"]) { server in
            let client = try await server.client()
            let facts = try await RedisGuards.read(client)
            #expect(facts.problems(allowNoAOF: false) == [])
            #expect(facts.runID.count == 40 && facts.masterReplID.count == 40)
            #expect(facts.role == "master" && facts.redisVersion.hasPrefix("7."))
            #expect(facts.aofEnabled && facts.appendfsync == "always" && !facts.loading)
            #expect(facts.usedMemory > 100_000 && facts.maxmemory == 0)
            #expect(facts.location == server.layout.redisSocket)
            #expect(facts.durability.contains("loses nothing"))
        }
    }

    @Test func `a restart shows as another run id, a flush does not`() async throws {
        try await RedisTestServer.with { server in
            let client = try await server.client()
            let before = try await RedisGuards.read(client)
            _ = try await client.send(RedisCommand("FLUSHALL"))
            #expect(try await RedisGuards.read(client).runID == before.runID)
            try await server.restart()
            #expect(try await RedisGuards.read(server.client()).runID != before.runID)
        }
    }

    @Test func `eviction, a replica and no append-only file are problems with a next step`() async throws {
        try await RedisTestServer.with { server in
            let client = try await server.client()
            for command in [
                RedisCommand("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"),
                RedisCommand("CONFIG", "SET", "appendonly", "no"),
                RedisCommand("REPLICAOF", "127.0.0.1", "1"),
            ] { _ = try await client.send(command) }
            let facts = try await RedisGuards.read(client)
            let problems = facts.problems(allowNoAOF: false)
            #expect(problems.count == 3)
            #expect(problems.allSatisfy { $0.contains(server.layout.redisSocket) })
            #expect(problems.contains { $0.contains("allkeys-lru") && $0.contains("noeviction") })
            #expect(problems.contains { $0.contains("replica") && $0.contains("master") })
            #expect(problems.contains { $0.contains("--allow-no-aof") })
            #expect(facts.problems(allowNoAOF: true).count == 2)
            #expect(facts.durability.contains("last snapshot"))
        }
    }

    @Test func `without CONFIG only appendfsync is unknown`() async throws {
        try await RedisTestServer.with(extra: #"rename-command CONFIG """#) { server in
            let facts = try await RedisGuards.read(server.client())
            #expect(facts.appendfsync == nil)
            #expect(facts.problems(allowNoAOF: false) == [])
            #expect(facts.durability.contains("unknown"))
        }
    }

    @Test func `where CONFIG cannot be used, the advice is one that can be followed`() async throws {
        let settings = ["maxmemory-policy": "allkeys-lru", "appendonly": "no"]
        try await RedisTestServer.with(settings, extra: #"rename-command CONFIG """#) { server in
            let facts = try await RedisGuards.read(server.client())
            let steps = facts.checks(allowNoAOF: false, memoryPercent: 85).compactMap(\.nextStep)
            let problems = facts.problems(allowNoAOF: false)
            #expect(problems.count == 2 && steps.count == 3)
            for sentence in problems + steps {
                #expect(!sentence.contains("CONFIG SET"), "\(sentence)")
                #expect(sentence.contains("parameter group of a managed Redis"), "\(sentence)")
            }
            #expect(problems.contains { $0.contains("Set maxmemory-policy to noeviction") })
            #expect(problems.contains { $0.contains("Set appendonly to yes") && $0.contains("--allow-no-aof") })
        }
    }

    @Test func `a maxmemory beyond the memory there is makes no room`() async throws {
        try await RedisTestServer.with(["maxmemory": "102400gb"]) { server in
            let facts = try await RedisGuards.read(server.client())
            #expect(facts.maxmemory == 100 << 40)
            #expect(facts.availableMemory > 1 << 20 && facts.availableMemory < facts.maxmemory)
            #expect(facts.memoryLimit == facts.availableMemory)
            let check = try #require(facts.checks(allowNoAOF: false, memoryPercent: 85).first { $0.name == .memory })
            #expect(check.level == .warning && check.sentence.hasSuffix("is more than it can have."), "\(check)")
            #expect(check.nextStep?.contains("CONFIG SET maxmemory \((facts.availableMemory / 4 * 3) >> 20)mb") == true)
        }
    }

    @Test func `without INFO the error says which right is missing`() async throws {
        try await RedisTestServer.with { server in
            let admin = try await server.client()
            _ = try await admin.send(RedisCommand("ACL", "SETUSER", "ann", "on", "nopass", "+@all", "-info"))
            let client = try await server.client("?user=ann&password=x")
            let error = try await redisError { try await RedisGuards.read(client) }
            #expect(error.code == .server("NOPERM"))
            #expect(error.message.contains("INFO") && error.nextStep?.contains("ACL SETUSER") == true)
        }
    }

    @Test func `an old or a loading server is a problem`() {
        let facts = RedisFacts(
            location: "h:1",
            runID: "",
            masterReplID: "",
            role: "master",
            maxmemoryPolicy: "noeviction",
            aofEnabled: true,
            appendfsync: "everysec",
            redisVersion: "6.2.14",
            loading: true,
            usedMemory: 1,
            maxmemory: 0,
            availableMemory: 0
        )
        let problems = facts.problems(allowNoAOF: false)
        #expect(problems.count == 2)
        #expect(problems.contains { $0.contains("6.2.14") && $0.contains("7 or newer") })
        #expect(problems.contains { $0.contains("reading its data") })
        #expect(facts.durability.contains("2 seconds"))
    }

    @Test func `an INFO without the fields is refused by name`() {
        let info = RedisGuards.Info("# Server\r\nredis_version:7.0\r\nloading:maybe\r\n")
        #expect(throws: Never.self) { try info.text("redis_version", "h:1") }
        let missing = #expect(throws: RedisError.self) { try info.text("run_id", "h:1") }
        #expect(missing?.code == .unexpectedReply && missing?.message.contains("run_id") == true)
        #expect(throws: RedisError.self) { try info.number("loading", "h:1") }
    }
}
