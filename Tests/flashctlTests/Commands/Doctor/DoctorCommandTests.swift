import FlashSaleKit
import Foundation
import Testing

@testable import flashctl

@Suite(.serialized) struct DoctorCommandTests {
    /// Stores of which nothing is to be said.
    private static let sound = LocalStackOptions.durable.with(
        redis: ["maxmemory": "1gb"],
        postgres: ["shared_buffers": "32MB", "max_wal_size": "256MB"]
    )

    /// Names of all checks, in the order in which they are shown.
    private static let names: [String] = DoctorArea.allCases.flatMap { area in
        GuardCheck.Name.allCases.filter { DoctorArea.of($0) == area }.map(\.rawValue)
            + DeepCheck.Name.allCases.filter { DoctorArea.of($0) == area }.map(\.rawValue)
    }
    /// Those that a busy machine may fail.
    private static let depends = [
        "redis_latency", "postgres_latency", "redis_slow_commands", "open_files", "ledger_lag",
        "attempts_lag",
    ]

    private func checks(_ data: String) throws -> [String: [String: Any]] {
        let checks = try #require(try json(data, "checks") as? [[String: Any]])
        // A store that is lost half way is told about twice.
        return Dictionary(checks.map { ($0["name"] as? String ?? "", $0) }) { first, _ in first }
    }

    @Test func soundStoresAreSuccess() async throws {
        try await CommandStack.with(options: DoctorCommandTests.sound) { stores in
            _ = try await stores.run(RotateHourCommand.self)
            let outcome = try await stores.run(DoctorCommand.self)
            #expect(outcome.status == .success, "\(outcome.data)")
            #expect(outcome.talk.isEmpty)
            #expect(outcome.data.contains("A crash of Redis loses up to 2 seconds of holds and attempts"))
            for area in DoctorArea.allCases { #expect(outcome.data.contains("\(area.title)\nok ")) }
            let data = try await stores.run(DoctorCommand.self, "-o", "json").data
            let list = try #require(try json(data, "checks") as? [[String: Any]])
            #expect(list.compactMap { $0["name"] as? String } == DoctorCommandTests.names)
            let found = list.filter { $0["level"] as? String != "ok" }.compactMap { $0["name"] as? String }
            #expect(Set(found).isSubset(of: DoctorCommandTests.depends), "\(outcome.data)")
            if found.isEmpty { #expect(try json(data, "level") as? String == "ok") }
            let clocks = try #require(try json(data, "clocks") as? [[String: Any]])
            #expect(clocks.count == 3 && clocks[0]["ahead_ms"] is Double)
        }
    }

    @Test func aCriticalFindingIsAFailureWithAFix() async throws {
        try await CommandStack.with(options: DoctorCommandTests.sound) { stores in
            _ = try await stores.run(RotateHourCommand.self)
            _ = try await BuiltBinary.script(
                "redis-cli -s '\(stores.stack.redisSocket)' config set maxmemory-policy allkeys-lru"
            )
            let outcome = try await stores.run(DoctorCommand.self)
            #expect(outcome.status == .failure)
            #expect(outcome.failure == nil, "everything was said already")
            #expect(outcome.data.contains("critical  eviction_policy: "))
            #expect(outcome.data.contains("fix: Run CONFIG SET maxmemory-policy noeviction"))
            #expect(outcome.data.contains("29 checks: 1 critical, "))
            let data = try await stores.run(DoctorCommand.self, "-o", "json").data
            #expect(try json(data, "level") as? String == "critical")
            #expect(try checks(data)["eviction_policy"]?["area"] as? String == "redis")
        }
    }

    /// What an operator does wrong with one command, and the check that finds it.
    @Test(arguments: [
        ("redis", "config set appendonly no", "append_only_file", "critical", "everything since its last snapshot"),
        ("redis", "config set appendfsync no", "append_only_file", "warning", "often 30 seconds"),
        ("redis", "config set appendfsync always", "append_only_file", "ok", "loses nothing"),
        ("redis", "config set maxmemory 0", "redis_memory", "warning", "no maxmemory"),
        ("redis", "config set maxmemory 100mb", "redis_headroom", "warning", "may take 512 MB"),
        ("redis", "config set maxmemory 1", "redis_memory", "critical", "refused with 503"),
        (
            "psql", "alter database postgres set synchronous_commit = off", "postgres_settings", "warning",
            "the database postgres"
        ),
        (
            "psql", "delete from schema_migrations where name = (select max(name) from schema_migrations)", "schema",
            "critical", "The schema lacks m"
        ),
        (
            "psql",
            "insert into dead_letter (sale_id, stream, entry_id, idx, kind, payload, sqlstate, reason) "
                + "values (1, 'ledger', '1-1', 0, 'held', '', '22000', 'x')", "dead_letters", "critical", "1 row waits"
        ),
        (
            "psql", "update sales set finished_at = now() where opens_at > now()", "next_hour", "any",
            "no sale of the next hour"
        ),
    ])
    func eachMistakeIsFound(store: String, mistake: String, name: String, level: String, words: String) async throws {
        try await CommandStack.with(options: DoctorCommandTests.sound) { stores in
            _ = try await stores.run(RotateHourCommand.self)
            if store == "redis" {
                let script = "redis-cli -s '\(stores.stack.redisSocket)' \(mistake)"
                #expect(try await BuiltBinary.script(script).output == "OK\n")
            } else {
                _ = try await TestDatabase.rows(mistake, at: stores.stack.postgresURL)
            }
            let outcome = try await stores.run(DoctorCommand.self, "-o", "json")
            let check = try #require(try checks(outcome.data)[name], "\(outcome.data)")
            let found = check["level"] as? String
            #expect(found == level || (level == "any" && found != "ok"))
            #expect((check["message"] as? String)?.contains(words) == true, "\(check)")
            #expect((check["next_step"] is NSNull) == (found == "ok"))
            #expect(outcome.status == (found == "critical" ? .failure : .success))
        }
    }

    @Test func aPostgresThatDoesNotWaitForTheDiskIsFound() async throws {
        try await CommandStack.with { stores in
            let data = try await stores.run(DoctorCommand.self, "-o", "json").data
            let check = try #require(try checks(data)["postgres_durability"])
            #expect(check["level"] as? String == "critical")
            #expect((check["message"] as? String)?.contains("fsync and full_page_writes are off") == true)
            #expect((check["next_step"] as? String)?.contains("fsync = on") == true)
        }
    }

    @Test func aStoreThatIsAwayLeavesTheOtherHalf() async throws {
        try await CommandStack.with(options: DoctorCommandTests.sound) { stores in
            try await stores.stack.stopRedis()
            let withoutRedis = try await stores.run(DoctorCommand.self)
            #expect(withoutRedis.status == .unreachable)
            #expect(withoutRedis.data.contains("critical  redis: Redis cannot be asked"))
            #expect(withoutRedis.data.contains("ok        dead_letters: "))
            try await stores.stack.startRedis()
            try await stores.stack.stopPostgres()
            let withoutPostgres = try await stores.run(DoctorCommand.self, "-o", "json")
            #expect(withoutPostgres.status == .unreachable)
            let checks = try #require(try json(withoutPostgres.data, "checks") as? [[String: Any]])
            let levels = Dictionary(
                uniqueKeysWithValues: checks.map { ($0["name"] as? String ?? "", $0["level"] as? String ?? "") }
            )
            #expect(levels["postgres"] == "critical" && levels["eviction_policy"] == "ok")
            try await stores.stack.startPostgres()
        }
    }

    @Test func withoutAddressesItIsWrongConfiguration() async throws {
        let outcome = try await BuiltBinary.run(["doctor"], environment: ["HOME": "/nonexistent"])
        #expect(outcome.status == 78)
        #expect(outcome.talk.contains("--redis"))
    }

    @Test func theStatusHasTheFindings() async throws {
        try await CommandStack.with(options: DoctorCommandTests.sound) { stores in
            _ = try await stores.run(RotateHourCommand.self)
            let sound = try await stores.run(StatusCommand.self)
            #expect(sound.data.contains("Checks\nall  ok\n"), "\(sound.data)")
            _ = try await BuiltBinary.script(
                "redis-cli -s '\(stores.stack.redisSocket)' config set appendonly no"
            )
            let found = try await stores.run(StatusCommand.self)
            #expect(found.status == .success)
            #expect(found.data.contains("append_only_file  critical: "), "\(found.data)")
            let data = try await stores.run(StatusCommand.self, "-o", "json").data
            #expect((try json(data, "checks") as? [Any])?.count == GuardCheck.Name.allCases.count)
        }
    }

    @Test func theStatusOfOneStoreIsShownWhenTheOtherIsAway() async throws {
        try await CommandStack.with { stores in
            _ = try await stores.run(RotateHourCommand.self, "--hourly-stock", "1200")
            try await stores.stack.stopPostgres()
            let half = try await stores.run(StatusCommand.self, "--sale", "1")
            #expect(half.status == .unreachable)
            #expect(half.data.contains("Postgres does not answer"))
            #expect(half.data.contains("1,200 free + 0 held + 0 sold = 1,200"))
            let data = try await stores.run(StatusCommand.self, "-o", "json").data
            #expect(data.contains("\"sale\": null"))
            try await stores.stack.startPostgres()
            try await stores.stack.stopRedis()
            let other = try await stores.run(StatusCommand.self)
            #expect(other.status == .unreachable)
            #expect(other.data.contains("Redis does not answer"))
            #expect(other.data.contains("stock"))
            #expect(other.data.contains("purchases  0"))
            let fast = try await stores.run(StatusCommand.self, "--fast", "-o", "json").data
            #expect(try json(fast, "sale", "stock") as? Int == 1200)
            #expect(fast.contains("\"postgres\": null"))
            try await stores.stack.startRedis()
        }
    }
}
