import Testing

@testable import FlashSaleKit

/// The judgement of each deep check, from facts alone.
struct DeepCheckTests {
    private static func info(_ changes: [String: String] = [:]) -> String {
        var lines = [
            "aof_last_write_status": "ok", "aof_last_bgrewrite_status": "ok", "rdb_last_bgsave_status": "ok",
            "used_memory": "1048576", "used_memory_rss": "2097152", "maxmemory": "1073741824",
            "total_system_memory": "8589934592", "connected_clients": "3", "maxclients": "10000",
        ]
        lines.merge(changes) { $1 }
        return lines.map { "\($0.key):\($0.value)\r\n" }.joined()
    }

    private func checks(_ changes: [String: String], percent: Int = 85, backlog: Int = 512 << 20) throws -> [DeepCheck]
    {
        try RedisDetails(info: DeepCheckTests.info(changes), location: "r:1")
            .checks(memoryPercent: percent, backlogBytes: backlog)
    }

    @Test func aSoundRedisHasNoFindings() throws {
        let checks = try checks([:])
        #expect(checks.map(\.name) == [.persistence, .headroom, .clients])
        #expect(checks.allSatisfy { $0.level == .ok && $0.fix == nil })
        #expect(checks[1].sentence.contains("room for 869"))
    }

    @Test(arguments: [
        ("aof_last_write_status", "err", 0, GuardCheck.Level.critical, "refuses every write"),
        ("aof_last_bgrewrite_status", "err", 0, .warning, "grows without end"),
        ("rdb_last_bgsave_status", "err", 0, .warning, "last snapshot"),
        ("maxmemory", "104857600", 1, .warning, "may take 512 MB"),
        ("used_memory", "1073741824", 1, .warning, "room for 0 B"),
        ("maxmemory", "107374182400", 1, .ok, "room for 6.8 GB"),
        ("total_system_memory", "104857600", 1, .warning, "may take 512 MB"),
        ("connected_clients", "8000", 2, .warning, "8000 of 10000"),
        ("connected_clients", "9500", 2, .critical, "9500 of 10000"),
        ("connected_clients", "7999", 2, .ok, "7999"),
    ])
    func eachFactIsJudged(
        field: String,
        value: String,
        index: Int,
        level: GuardCheck.Level,
        words: String
    ) throws {
        let check = try checks([field: value])[index]
        #expect(check.level == level, "\(check)")
        #expect(check.sentence.contains(words))
        #expect((check.fix == nil) == (level == .ok))
    }

    @Test func withoutALimitTheMachineCounts() throws {
        let fine = try checks(["maxmemory": "0"])[1]
        #expect(fine.level == .ok && fine.sentence.contains("2 MB of the 8 GB that it may use"))
        let large = try checks(["maxmemory": "0", "used_memory_rss": "5368709120"])[1]
        #expect(large.level == .warning && large.fix?.contains("maxmemory") == true)
    }

    @Test func theLimitOfACgroupIsFound() {
        func limit(_ groups: String, _ files: [String: String]) -> Int64? {
            CgroupMemory.limit(groups: groups) { files[$0] }
        }
        let service = "/a/b.service/memory.max"
        #expect(limit("0::/a/b.service\n", [service: "max", "/a/memory.max": "2097152"]) == 2_097_152)
        #expect(limit("0::/a\n", ["/a/memory.max": "4096", "/memory.max": "8192"]) == 4096, "the strictest counts")
        // Inside a container the own group is the root, whatever the path is.
        #expect(limit("0::/\n", ["/memory.max": "1048576"]) == 1_048_576)
        #expect(limit("0::/docker/1\n", ["/memory.max": "1048576"]) == 1_048_576)
        #expect(limit("0::/a\n", ["/a/memory.max": "max"]) == nil)
        #expect(limit("0::/a\n", [:]) == nil)
        let first = "/memory/x/memory.limit_in_bytes"
        #expect(limit("4:cpu:/x\n3:memory,hugetlb:/x\n", [first: "65536"]) == 65_536)
        #expect(limit("3:memory:/x\n", [first: "9223372036854771712"]) == nil, "no limit, in version 1")
    }

    @Test func anInfoThatLacksAFieldIsAnError() {
        #expect(throws: RedisError.self) { try RedisDetails(info: "used_memory:1\r\n", location: "r:1") }
    }

    @Test func latencyIsToldAndJudgedByItsMedian() {
        let quick = LatencySample(times: [90_000, 100, 300, 200, 1500])
        #expect(quick.median == 300 && quick.longest == 90_000 && quick.count == 5)
        let check = quick.check(.redisLatency, "PING", fix: "Move.")
        #expect(check == .ok(.redisLatency, "PING takes 300 µs in the median, 90.0 ms at most (5 times)."))
        let slow = LatencySample(times: [12_345]).check(.postgresLatency, "SELECT 1", fix: "Move.")
        #expect(slow.level == .warning && slow.fix == "Move." && slow.sentence.contains("12.3 ms"))
        #expect(LatencySample(times: []).median == 0)
    }

    @Test(
        arguments: [
            (511 << 20, .critical), (512 << 20, .warning), (4 << 30, .ok), (0, .critical),
        ] as [(Int, GuardCheck.Level)]
    )
    func aFullDiskIsFound(free: Int, level: GuardCheck.Level) {
        let check = DiskSpace(total: 100 << 30, free: free).check(.postgresDisk, whose: "Postgres", loss: "it stops")
        #expect(check.level == level)
        #expect(check.sentence.contains("of 100 GB are free on the disk of Postgres"))
        #expect(check.sentence.contains("it stops") == (level != .ok))
    }

    @Test func onlyFoldersOfThisHostHaveSpace() throws {
        let space = try #require(DiskSpace.read("/"))
        #expect(space.total > 0 && space.free <= space.total)
        #expect(DiskSpace.read("/nonexistent/folder") == nil)
    }

    private func entry(second: Int64, micros: Int64, _ arguments: String...) -> RedisReply {
        .array([
            .integer(1), .integer(second), .integer(micros),
            .array(arguments.map { .bulk(Array($0.utf8)) }), .bulk(Array("127.0.0.1:5".utf8)),
        ])
    }

    @Test func slowCommandsOfTheLastTenMinutesAreFound() {
        let entries = [
            entry(second: 500, micros: 900_000, "flushall"),
            entry(second: 1200, micros: 250_000, "keys", "user:secret"),
            entry(second: 1300, micros: 120_000, "evalsha", SaleScript.restore.sha1),
            entry(second: 1300, micros: 99_000, "get", "x"),
        ].compactMap { SlowCommand($0) }
        #expect(entries.count == 4)
        #expect(entries[2].name == "EVALSHA (our script restore)")
        let check = SlowCommand.check(entries, now: Timestamp(seconds: 1400))
        #expect(check.level == .warning)
        #expect(check.sentence.contains("2 commands have held up Redis"))
        #expect(check.sentence.contains("KEYS for 250 ms"))
        #expect(!check.sentence.contains("secret"))
        #expect(SlowCommand.check(entries, now: Timestamp(seconds: 9000)).level == .ok)
        #expect(SlowCommand(.null) == nil && SlowCommand(.array([.integer(1)])) == nil)
    }

    private func postgres(used: Int = 10, asynchronous: [String] = []) -> [DeepCheck] {
        PostgresDetails(
            mostConnections: 97,
            usedConnections: used,
            dataFolder: nil,
            databaseSize: 8 << 20,
            isLocal: false,
            asynchronous: asynchronous
        ).checks
    }

    @Test func postgresIsJudged() {
        #expect(postgres().map(\.level) == [.ok, .ok, .ok])
        #expect(postgres()[2].sentence.contains("The database takes 8 MB"))
        #expect(postgres(used: 78)[1].level == .warning)
        #expect(postgres(used: 95)[1].level == .critical)
        let check = postgres(asynchronous: ["the database shop", "the role flash"])[0]
        #expect(check.level == .warning)
        #expect(
            check.fix
                == "Run ALTER database shop RESET synchronous_commit. Run ALTER role flash RESET synchronous_commit."
        )
    }

    @Test func addressesTellWhatIsLocal() throws {
        for (text, isLocal) in [
            ("postgres://db/x", false), ("postgres://localhost/x", true), ("postgres://127.0.0.1:5/x", true),
            ("unix:///run/pg", true), ("dbname=x", true),
        ] {
            #expect(try PostgresEndpoint(parsing: text).isLocal == isLocal, "\(text)")
        }
        #expect(RedisEndpoint.isLocal("/run/redis.sock") && RedisEndpoint.isLocal("localhost:6379"))
        #expect(RedisEndpoint.isLocal("[::1]:6379") && !RedisEndpoint.isLocal("redis.example:6379"))
    }
}
