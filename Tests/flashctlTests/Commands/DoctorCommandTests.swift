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

    @Test func soundStoresAreSuccess() async throws {
        try await CommandStack.with(options: DoctorCommandTests.sound) { stores in
            let outcome = try await stores.run(DoctorCommand.self)
            #expect(outcome.status == .success, "\(outcome.data)")
            #expect(outcome.talk.isEmpty)
            #expect(outcome.data.contains("checks are ok"))
            #expect(outcome.data.contains("A crash of Redis loses up to 2 seconds of holds and attempts"))
            let data = try await stores.run(DoctorCommand.self, "-o", "json").data
            #expect(try json(data, "level") as? String == "ok")
            let checks = try #require(try json(data, "checks") as? [[String: Any]])
            #expect(checks.compactMap { $0["name"] as? String } == GuardCheck.Name.allCases.map(\.rawValue))
            let clocks = try #require(try json(data, "clocks") as? [[String: Any]])
            #expect(clocks.count == 3 && clocks[0]["ahead_ms"] is Double)
        }
    }

    @Test func aCriticalFindingIsAFailureWithAFix() async throws {
        try await CommandStack.with(options: DoctorCommandTests.sound) { stores in
            _ = try await BuiltBinary.script(
                "redis-cli -s '\(stores.stack.redisSocket)' config set maxmemory-policy allkeys-lru"
            )
            let outcome = try await stores.run(DoctorCommand.self)
            #expect(outcome.status == .failure)
            #expect(outcome.failure == nil, "everything was said already")
            #expect(outcome.data.contains("critical  eviction_policy: "))
            #expect(outcome.data.contains("fix: Run CONFIG SET maxmemory-policy noeviction"))
            #expect(outcome.data.contains("13 checks: 1 critical, 0 warnings"))
            let data = try await stores.run(DoctorCommand.self, "-o", "json").data
            #expect(try json(data, "level") as? String == "critical")
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
