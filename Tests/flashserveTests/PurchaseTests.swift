import FlashSaleKit
import Foundation
import TestSupport
import Testing

@testable import flashserve

@Suite(.serialized) struct PurchaseTests {
    @Test("a code raced by 100 purchases sells one unit; all answers carry the same receipt")
    func oneCodeBuysOneUnit() async throws {
        try await TestServer.with(eventLoops: 2) { server in
            let code = try await server.connect().checkout("alice").code
            let answers = try await withThrowingTaskGroup(of: HTTPTestClient.Response.self) { group in
                for _ in 0..<100 { group.addTask { try await server.connect().purchase(code) } }
                return try await group.reduce(into: [HTTPTestClient.Response]()) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0.status == 200 || $0.status == 202 })
            #expect(Set(answers.filter { $0.status == 200 }.map(\.body)).count == 1)
            #expect(answers.contains { $0.status == 200 })
            #expect(try await server.sql("select count(*)::text from purchases") == [["1"]])
            #expect(try await server.snapshot().sold == 1)
        }
    }

    @Test("a user who reserves many codes before buying any still buys at most the limit")
    func limitHoldsOverReserving() async throws {
        try await TestServer.with(TestServer.terms(stock: 100, limit: 3)) { server in
            let client = try await server.connect()
            var codes: [String] = []
            for _ in 0..<3 { codes.append(try await client.checkout("alice").code) }
            #expect(try await client.checkout("alice").status == 429)
            for code in codes { #expect(try await client.purchase(code).status == 200) }
            #expect(try await client.checkout("alice").status == 429)
            #expect(try await server.sql("select max(user_slot)::text, count(*)::text from purchases") == [["3", "3"]])
        }
    }

    @Test("purchases while Postgres is stopped answer 202 and become 200 by themselves")
    func pendingUntilPostgresIsBack() async throws {
        try await TestServer.with(configure: { $0.times = .pendingSoon }) { server in
            let client = try await server.connect()
            let code = try await client.checkout("alice").code
            try await server.stack.pausePostgres()
            let pending = try await client.purchase(code)
            #expect(pending.status == 202)
            #expect(try pending.json["status"] as? String == "pending")
            #expect(pending.headers["retry-after"] != nil)
            // Refusals and holds go on meanwhile.
            #expect(try await client.checkout("bob").status == 201)
            server.stack.resumePostgres()
            _ = try await client.bought(code)
            #expect(try await server.sql("select count(*)::text from purchases") == [["1"]])
        }
    }

    @Test("a purchase on its way to Postgres when its sale is finished in Redis stays 202, and becomes 200")
    func pendingOverTheEnd() async throws {
        try await TestServer.with(configure: { $0.times = .pendingSoon }) { server in
            let client = try await server.connect()
            let code = try await client.checkout("alice").code
            let blocker = try await PostgresConnection.connect(
                to: PostgresEndpoint(parsing: server.stack.postgresURL),
                options: .patient(),
                logger: TestServer.logger
            )
            _ = try await blocker.query("set idle_in_transaction_session_timeout = 0")
            _ = try await blocker.query("begin")
            _ = try await blocker.query("select 1 from journal_cursor where stream = 'ledger' for update")
            #expect(try await client.purchase(code).status == 202)
            try await server.finishInRedis()
            #expect(try await client.purchase(code).status == 202, "it was not drained")
            try await until(409) { try await client.request("DELETE", "/checkout?code=\(code)").status }
            let unknown = HoldCode(saleID: server.sale.id, high: 1, low: 2)
            try await until(404) { try await client.purchase("\(unknown)").status }
            _ = try await blocker.query("rollback")
            await blocker.close()
            try await until(200) { try await client.purchase(code).status }
            #expect(try await server.sql("select count(*)::text from purchases") == [["1"]])
        }
    }

    @Test func codesNobodyIssuedAreUnknown() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            let own = HoldCode(saleID: server.sale.id, high: 1, low: 2)
            let stranger = HoldCode(saleID: try #require(SaleID(999)), high: 1, low: 2)
            for code in ["\(own)", "\(stranger)", "nonsense"] {
                let answer = try await client.purchase(code)
                #expect(answer.status == 404, "\(code): \(answer)")
                #expect(try answer.error == "unknown_code")
            }
            #expect(try await client.request("POST", "/purchase").status == 400)
        }
    }

    @Test("the number of a sale is a part of its codes: with another one they are unknown, whoever asks meanwhile")
    func codesOfAnotherSaleAreUnknown() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            let code = try await client.checkout("alice").code
            #expect(try await client.purchase(code).status == 200)
            let sales = [server.sale.id, try #require(SaleID(999))]
            // Two codes with the same secret bits.
            let pair = sales.map { "\(HoldCode(saleID: $0, high: 1, low: 2))" }
            let forged = pair[1].prefix { $0 != "-" } + code.drop { $0 != "-" }
            #expect(try await client.purchase(String(forged)).status == 404)
            let statuses = try await withThrowingTaskGroup(of: Set<Int>.self) { group in
                for code in pair {
                    group.addTask {
                        let client = try await server.connect()
                        var statuses: Set<Int> = []
                        for _ in 0..<200 { statuses.insert(try await client.purchase(code).status) }
                        return statuses
                    }
                }
                return try await group.reduce(into: Set<Int>()) { $0.formUnion($1) }
            }
            #expect(statuses == [404])
        }
    }

    @Test("Redis, Postgres and the answers' hold ids never hold a code")
    func storesDoNotKnowCodes() async throws {
        try await TestServer.with { server in
            let code = try await server.connect().checkout("alice", key: "k").code
            let redis = try await server.redis()
            let keys = SaleKeys(server.sale.id)
            let dump = try await redis.send(RedisCommand("HGETALL", keys.holds))
            let ledger = try await redis.send(RedisCommand("XRANGE", keys.ledger, "-", "+"))
            let digits = String(code.split(separator: "-")[1])
            #expect(!"\(dump)\(ledger)".contains(digits))
            let hold = try #require(HoldCode(parsing: Array(code.utf8))).holdID
            #expect(try await redis.send(RedisCommand("HEXISTS", keys.holds, "\(hold)")).integerValue == 1)
            await redis.close()
        }
    }

    @Test("restarting the server opens no new sale and resets no counter; codes of before still buy")
    func restartChangesNothing() async throws {
        try await LocalStack.withTemporary { stack in
            try await TestServer.seed(stack, TestServer.terms())
            let first = try await TestServer.start(on: stack)
            let code = try await first.connect().checkout("alice").code
            try await first.stop()
            let second = try await TestServer.start(on: stack)
            #expect(second.sale.id == first.sale.id)
            let snapshot = try await second.snapshot()
            #expect(snapshot.held == 1 && snapshot.free == 99)
            #expect(try await second.connect().purchase(code).status == 200)
            #expect(try await second.sql("select count(*)::text from sales") == [["1"]])
            try await second.stop()
        }
    }

    @Test("a purchase decided through one server is answered by another")
    func twoServersShareASale() async throws {
        try await TestServer.with { first in
            let second = try await TestServer.start(on: first.stack)
            let buyer = try await first.connect()
            let other = try await second.connect()
            for round in 0..<20 {
                let code = try await buyer.checkout("user\(round)").code
                #expect(try await other.purchase(code).status == 200)
                let replay = try await buyer.purchase(code)
                #expect(replay.status == 200 && replay.headers["idempotent-replayed"] == "true")
            }
            #expect(try await first.sql("select count(*)::text from purchases") == [["20"]])
            try await second.stop()
        }
    }
}

extension TestServer {
    /// Lets the sale end now, and closes it for good as its finisher does first.
    fileprivate func finishInRedis() async throws {
        let redis = try await redis()
        let keys = SaleKeys(sale.id)
        _ = try await redis.send(RedisCommand("HSET", keys.sale, "closes_us", "1"))
        let request = try #require(ControlCall.Request(.finish, who: "test", why: "test"))
        let command = ControlCall.command(keys: keys, epoch: try #require(sale.epoch), request: request)
        #expect(try ControlCall.parse(try await redis.send(command)).decision == .changed)
        await redis.close()
    }
}
