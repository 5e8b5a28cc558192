import FlashSaleKit
import Foundation
import Testing

@testable import flashserve

/// A Postgres that comes back older than what Redis has trimmed, as buyers and operators see it.
@Suite(.serialized) struct GapTests {
    private static let tables = ["ledger", "purchases", "journal_cursor", "control_log", "attempts"]

    /// Remembers Postgres as it is now.
    private func replicate(_ server: TestServer) async throws {
        for table in GapTests.tables { _ = try await server.sql("create table older_\(table) as table \(table)") }
    }

    /// Removes from Redis what is drained, and puts Postgres back to what it was.
    private func failOver(_ server: TestServer) async throws {
        let redis = try await server.redis()
        let keys = SaleKeys(server.sale.id)
        for (stream, field) in [(keys.ledger, "trimmed_to_ledger"), (keys.attempts, "trimmed_to_attempts")] {
            let script = """
                local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1][1]
                local ms, sequence = string.match(last, '^(%d+)-(%d+)$')
                redis.call('HSET', KEYS[1], ARGV[1], last)
                return redis.call('XTRIM', KEYS[2], 'MINID', ms .. '-' .. (sequence + 1))
                """
            _ = try await redis.send(RedisCommand("EVAL", script, "2", keys.sale, stream, field))
        }
        await redis.close()
        let statements = GapTests.tables.map { table in
            "delete from \(table); insert into \(table) overriding system value table older_\(table);"
        }
        _ = try await server.sql(
            "do $$ begin set local session_replication_role = replica; \(statements.joined(separator: " ")) end $$"
        )
    }

    /// Everything is in Postgres.
    private func drained(_ server: TestServer, attempts: Int, ledger: Int) async throws {
        try await server.eventually("select count(*)::text from attempts", is: "\(attempts)")
        try await server.eventually("select count(*)::text from ledger", is: "\(ledger)")
    }

    private func reconcile(_ server: TestServer) async throws {
        let postgres = try await PostgresConnection.connect(
            to: PostgresEndpoint(parsing: server.stack.postgresURL),
            options: .init(),
            logger: TestServer.logger
        )
        let redis = try await server.redis()
        let reconciliation = Reconciliation(redis: redis, postgres: postgres)
        let plan = try await reconciliation.plan(server.sale.id)
        #expect(plan.needsPerson == [] && !plan.isEmpty)
        _ = try await reconciliation.apply(server.sale.id, confirm: plan.hash, actor: "ops", reason: "a test")
        #expect(try await reconciliation.plan(server.sale.id).isEmpty)
        let report = try await Verification(redis: redis, postgres: postgres).run(server.sale.id)
        #expect(report.findings.map(\.sentence) == [])
        await redis.close()
        await postgres.close()
    }

    @Test("a gap shuts the checkouts of its sale, purchases are 202 and releases go on; closed, all is as it was")
    func gap() async throws {
        try await LocalStack.withTemporary(options: .fast) { stack in
            try await TestServer.seed(stack, TestServer.terms(stock: 6))
            var server = try await TestServer.start(on: stack)
            var client = try await server.connect()
            let anna = try await client.checkout("anna")
            #expect(try await client.purchase(anna.code).status == 200)
            let bob = try await client.checkout("bob")
            try await drained(server, attempts: 2, ledger: 4)
            try await server.stop()
            try await replicate(server)
            server = try await TestServer.start(on: stack)
            client = try await server.connect()
            let carl = try await client.checkout("carl")
            let receipt = try await client.purchase(carl.code)
            #expect(receipt.status == 200)
            let dora = try await client.checkout("dora")
            try await drained(server, attempts: 4, ledger: 7)
            try await server.stop()
            try await failOver(server)

            server = try await TestServer.start(on: stack, eventLoops: 2) { options in
                // A purchase in the gap has no row to wait for.
                options.times.purchase = .milliseconds(300)
            }
            client = try await server.connect()
            let step = "next step: flashctl reconcile --plan --sale \(server.sale.id)"
            for stream in ["ledger", "attempts"] {
                try await until(true) { try await client.readyCheck("drain").contains("\(stream): the \(stream)") }
            }
            let drain = try await client.readyCheck("drain")
            #expect(drain.contains(step) && drain.contains("checkouts of this sale are refused"))
            for _ in 0..<4 {
                let buyer = try await server.connect()
                let refused = try await buyer.checkout("emil", key: "k1")
                #expect(refused.status == 503)
                #expect(try refused.json["error"] as? String == "unavailable")
                #expect(refused.headers["retry-after"] != nil)
            }
            #expect(try await server.snapshot().held == 2, "nothing more is promised")
            #expect(try await client.request("DELETE", "/checkout?code=\(bob.code)").status == 200)
            #expect(try await client.purchase(carl.code).status == 202)
            #expect(try await client.purchase(dora.code).status == 202)
            #expect(try await server.snapshot().sold == 3, "the purchase is decided")
            let ready = try await client.request("GET", "/readyz")
            #expect(ready.status == 200 && ready.body.contains("degraded"))
            let health = try await client.request("GET", "/health")
            #expect(health.status == 503 && health.body.contains(step))
            #expect(try await client.request("GET", "/sale").json["is_active"] as? Bool == false)

            try await reconcile(server)
            try await until(200) { try await client.purchase(carl.code).status }
            let again = try await client.purchase(carl.code)
            #expect(again.body == receipt.body, "the same unit at the same time")
            try await until(200) { try await client.purchase(dora.code).status }
            try await until("ok") { try await client.readyCheck("drain") }
            try await until(201) { try await client.checkout("frida").status }
            #expect(try await client.request("GET", "/health").status == 200)
            try await server.stop()
        }
    }

    @Test("one line about a gap at once, and then one every ten seconds with a count")
    func reminders() {
        var alarm = GapAlarm()
        let start = ContinuousClock.now
        #expect(alarm.met(at: start) == 1)
        for step in 1...199 { #expect(alarm.met(at: start + .milliseconds(50 * step)) == nil) }
        #expect(alarm.met(at: start + .seconds(10)) == 200)
        #expect(alarm.met(at: start + .seconds(11)) == nil)
        #expect(alarm.met(at: start + .seconds(20)) == 2)
    }
}
