import FlashSaleKit
import Foundation
import Testing

@testable import flashserve

/// Stores that are away: how long a client waits, and what happens afterwards without anybody's help.
@Suite(.serialized) struct OutageTests {
    /// Sends requests of every kind while a store is away; every one must be answered meanwhile. `WaitLimitTests` holds
    /// how long that may take.
    ///
    /// - Parameter released: a code that may be given back: a request without an answer may have been done.
    private func measure(
        _ server: TestServer,
        code: String,
        released: String
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    let client = try await server.connect()
                    for round in 1...20 {
                        let target =
                            switch worker % 4 {
                            case 0: ("POST", "/purchase?code=\(code)")
                            case 1: ("DELETE", "/checkout?code=\(released)")
                            default: ("POST", "/checkout?user_id=w\(worker)-\(round)&id=1")
                            }
                        let answer = try await client.request(target.0, target.1)
                        #expect(answer.status == 503, "\(target)")
                        #expect(answer.headers["retry-after"] != nil)
                        try await Task.sleep(for: .milliseconds(20))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("Redis stopped: every request is answered with 503")
    func redisStopped() async throws {
        try await TestServer.with(TestServer.terms(stock: 5000)) { server in
            let client = try await server.connect()
            let (code, released) = (try await client.checkout("alice").code, try await client.checkout("zoe").code)
            try await server.stack.stopRedis()
            try await self.measure(server, code: code, released: released)
            try await server.stack.startRedis()
            try await until(201) { try await client.checkout("bob\(Int.random(in: 0..<9999))").status }
            #expect(try await client.purchase(code).status == 200)
        }
    }

    @Test("Redis stands still: every request is answered with 503 while it does, and pages too")
    func redisPaused() async throws {
        try await TestServer.with(TestServer.terms(stock: 5000), configure: { $0.times = ServerTimes() }) { server in
            let client = try await server.connect()
            let (code, released) = (try await client.checkout("alice").code, try await client.checkout("zoe").code)
            try await server.stack.pauseRedis()
            async let pages: Void = {
                let other = try await server.connect()
                for path in ["/health", "/sale", "/readyz?verbose", "/livez", "/health"] {
                    #expect(try await other.request("GET", path).status > 0)
                }
            }()
            try await self.measure(server, code: code, released: released)
            try await pages
            server.stack.resumeRedis()
            try await until(201) { try await client.checkout("bob\(Int.random(in: 0..<9999))").status }
            try await until(200) { try await client.purchase(code).status }
            #expect(try await server.snapshot().isConsistent)
        }
    }

    @Test("purchases during an outage of Postgres are completed by themselves: the same code is 202, then 200")
    func purchasesComplete() async throws {
        try await TestServer.with(TestServer.terms(stock: 100), configure: { $0.times = .pendingSoon }) { server in
            let client = try await server.connect()
            var codes: [String] = []
            for index in 0..<5 { codes.append(try await client.checkout("user\(index)").code) }
            try await server.stack.stopPostgres()
            for code in codes.prefix(4) {
                #expect(try await client.purchase(code).status == 202)
            }
            #expect(try await client.purchase(codes[0]).status == 202, "asked again: still pending")
            try await server.stack.startPostgres()
            // Nothing is asked of the server until all rows are there.
            try await server.eventually("select count(*)::text from purchases", is: "4")
            for code in codes.prefix(4) {
                let answer = try await client.bought(code)
                #expect(answer.headers["idempotent-replayed"] == "true")
            }
            _ = try await client.bought(codes[4])
            let units = try await server.sql("select string_agg(unit::text, ',' order by unit) from purchases")
            #expect(units == [["1,2,3,4,5"]])
            try await server.eventually("select count(*)::text from attempts", is: "5")
        }
    }

    @Test("Postgres stands still: purchases are 202, holds go on, and the drain catches up without duplicates")
    func postgresPaused() async throws {
        let configure: @Sendable (inout ServerOptions) -> Void = {
            $0.times = .pendingSoon
            $0.times.postgres.statementTimeout = .seconds(2)
        }
        try await TestServer.with(TestServer.terms(stock: 5000), configure: configure) { server in
            let client = try await server.connect()
            let code = try await client.checkout("alice").code
            try await server.stack.pausePostgres()
            #expect(try await client.purchase(code).status == 202)
            for index in 0..<300 { #expect(try await client.checkout("user\(index)").status == 201) }
            // Statements that were sent to it are given up by then.
            try await until(true) { try await client.readyCheck("postgres") != "ok" }
            #expect(try await client.checkout("late").status == 201)
            server.stack.resumePostgres()
            try await server.eventually("select count(*)::text from attempts", is: "302")
            try await server.eventually("select count(*)::text from purchases", is: "1")
            try await until(200) { try await client.purchase(code).status }
            #expect(
                try await server.sql("select count(*)::text from (select distinct epoch, seq, idx from attempts) a")
                    == [["302"]]
            )
        }
    }

    @Test("Redis restarts while Postgres is away: 503 until both are back, then the sale goes on by itself")
    func bothAway() async throws {
        try await TestServer.with(TestServer.terms(stock: 5000)) { server in
            let client = try await server.connect()
            let code = try await client.checkout("alice").code
            try await server.stack.stopPostgres()
            #expect(try await client.checkout("bob").status == 201)
            try await server.stack.stopRedis()
            #expect(try await client.checkout("carl").status == 503)
            try await server.stack.startRedis()
            // Nobody can say whether this Redis is the one that was known.
            for _ in 0..<40 {
                #expect(try await client.checkout("dora").status == 503)
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(try await client.request("GET", "/readyz").status == 503)
            try await server.stack.startPostgres()
            try await until(201) { try await client.checkout("emil\(Int.random(in: 0..<9999))").status }
            #expect(try await client.request("GET", "/readyz").status == 200)
            try await until(200) { try await client.purchase(code).status }
            let snapshot = try await server.snapshot()
            #expect(snapshot.isConsistent && snapshot.sold == 1)
        }
    }
}
