import FlashSaleKit
import Testing

@testable import flashserve

/// What the counters promise about a whole sale.
@Suite(.serialized) struct MetricsTotalsTests {
    /// What one buyer was answered, by status.
    private func buy(_ number: Int, _ server: TestServer) async throws -> [Int: Int] {
        let client = try await server.connect()
        var answers: [Int: Int] = [:]
        func count(_ answer: HTTPTestClient.Response) { answers[answer.status, default: 0] += 1 }
        for _ in 0..<2 { count(try await client.checkout("own\(number)", key: "mine")) }
        for round in 0..<60 {
            // Few users at first, who meet their limit, and one who is banned; then a crowd that empties the stock.
            let user = round % 7 == 0 ? "banned" : round < 30 ? "user\(round % 3)" : "late\(number)-\(round)"
            let answer = try await client.checkout(user)
            count(answer)
            guard answer.status == 201 else { continue }
            if round % 3 == 0 { count(try await client.purchase(answer.code)) }
            if round % 3 == 1 { count(try await client.request("DELETE", "/checkout?code=\(answer.code)")) }
        }
        try await client.close()
        return answers
    }

    private func ban(_ user: UserID, on server: TestServer) async throws {
        let request = try #require(ControlCall.Request(.ban(user: user), who: "ann", why: "spam"))
        let epoch = try #require(server.sale.epoch)
        let redis = try await server.redis()
        let keys = SaleKeys(server.sale.id)
        let reply = try await redis.sendRaw(ControlCall.command(keys: keys, epoch: epoch, request: request))
        guard case .decided(.changed, _) = try ControlCall.parse(reply) else {
            Issue.record("the ban was answered \(reply)")
            return
        }
        await redis.close()
    }

    @Test("attempts by outcome are the rows of Postgres, and every answer is counted once", arguments: [1, 2])
    func totals(_ eventLoops: Int) async throws {
        try await MeasuredServer.with(TestServer.terms(stock: 25, limit: 4), eventLoops: eventLoops) { measured in
            let server = measured.server
            try await ban("banned", on: server)
            let answers = try await withThrowingTaskGroup(of: [Int: Int].self) { buyers in
                for number in 0..<6 { buyers.addTask { try await self.buy(number, server) } }
                return try await buyers.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
            }
            let scrape = try await measured.scrape()
            let byOutcome = scrape.sum("flashctl_attempts_total", by: "outcome")
            #expect(byOutcome.values.allSatisfy { $0 > 0 }, "every outcome occurs: \(byOutcome)")
            let decided = Int(byOutcome.values.reduce(0, +))
            #expect(scrape["flashctl_attempts_repeated_total"] ?? 0 > 0)
            try await server.eventually("select count(*) from attempts", is: "\(decided)")
            for (outcome, letter) in [("held", "H"), ("sold_out", "S"), ("user_limit", "L"), ("banned", "B")] {
                let rows = try await server.sql("select count(*) from attempts where outcome = '\(letter)'")
                #expect(rows[0][0] == "\(Int(byOutcome[outcome] ?? -1))", "\(outcome)")
            }
            let counted = scrape.sum("flashctl_http_request_duration_seconds_count", by: "status")
            #expect(counted == Dictionary(uniqueKeysWithValues: answers.map { ("\($0)", Double($1)) }))
            #expect(scrape["flashctl_requests_in_flight"] == 0)
        }
    }

    @Test("rows, transactions and returned holds are counted as they reach Postgres")
    func drains() async throws {
        try await MeasuredServer.with(TestServer.terms(stock: 30, limit: 30, holdMilliseconds: 10_000)) { measured in
            let client = try await measured.server.connect()
            var codes: [String] = []
            for _ in 0..<12 { codes.append(try await client.checkout("ann").code) }
            for code in codes[..<3] { #expect(try await client.purchase(code).status == 200) }
            for code in codes[3..<7] {
                #expect(try await client.request("DELETE", "/checkout?code=\(code)").status == 200)
            }
            try await until(5) { try await measured.scrape()["flashctl_holds_returned_total{reason=\"expired\"}"] }
            let scrape = try await measured.scrape()
            #expect(scrape["flashctl_holds_returned_total{reason=\"released\"}"] == 4)
            let rows = try await measured.server.sql(
                "select stream, drained_rows from journal_cursor where drained_rows > 0 order by stream"
            )
            try await until(Double(rows[0][1] ?? "")) {
                try await measured.scrape()["flashctl_drained_rows_total{stream=\"attempts\"}"]
            }
            #expect(rows.map { $0[0] } == ["attempts", "ledger"])
            for stream in ["attempts", "ledger"] {
                let commits = scrape["flashctl_drain_commit_duration_seconds_count{stream=\"\(stream)\"}"] ?? 0
                let seconds = scrape["flashctl_drain_commit_duration_seconds_sum{stream=\"\(stream)\"}"] ?? 0
                #expect(commits > 0 && seconds > 0, "\(stream)")
            }
        }
    }

    @Test("routes and statuses of real answers, whatever was wrong with the request")
    func routes() async throws {
        try await MeasuredServer.with(TestServer.terms(stock: 2)) { measured in
            let client = try await measured.server.connect()
            for (method, target) in [
                ("GET", "/health"), ("GET", "/sale"), ("GET", "/livez"), ("GET", "/readyz"), ("GET", "/nothing"),
                ("POST", "/checkout?id=1"), ("DELETE", "/checkout"), ("POST", "/purchase"),
                ("POST", "/purchase?code=x"),
                ("DELETE", "/checkout?code=x"), ("PUT", "/checkout"), ("POST", "/checkout?user_id=a&id=1"),
            ] {
                _ = try await client.request(method, target)
            }
            try await client.send("nonsense\r\n\r\n")
            #expect(await client.receive()?.status == 400)
            let family = "flashctl_http_request_duration_seconds"
            let scrape = try await measured.scrape()
            let seen = scrape.series.filter { $0.hasPrefix("\(family)_count") }
            let expected = [
                ("checkout", "201"), ("checkout", "400"), ("purchase", "400"), ("purchase", "404"), ("release", "400"),
                ("release", "404"), ("health", "200"), ("sale", "200"), ("readyz", "200"), ("livez", "200"),
                ("other", "404"), ("other", "other"),
            ].map { "\(family)_count{route=\"\($0)\",status=\"\($1)\"}" }
            #expect(Set(seen) == Set(expected))
            #expect(scrape["\(family)_count{route=\"other\",status=\"other\"}"] == 2)
        }
    }

    @Test("connections are counted while they are open, and requests while they wait")
    func connections() async throws {
        try await MeasuredServer.with { measured in
            let clients = [try await measured.server.connect(), try await measured.server.connect()]
            for client in clients { #expect(try await client.request("GET", "/livez").status == 200) }
            var scrape = try await measured.scrape()
            #expect(scrape["flashctl_http_connections"] == 2)
            #expect(scrape["flashctl_http_connections_accepted_total"] == 2)
            #expect(scrape["flashctl_http_connections_refused_total"] == 0)
            // Redis stands still: who asks it waits, and who leaves meanwhile waits no more.
            try await measured.server.stack.pauseRedis()
            for client in clients { try await client.send("POST /checkout?user_id=a&id=1 HTTP/1.1\r\n\r\n") }
            try await until(2) { try await measured.scrape()["flashctl_requests_in_flight"] }
            try await clients[0].close()
            try await until(1) { try await measured.scrape()["flashctl_requests_in_flight"] }
            measured.server.stack.resumeRedis()
            #expect(await clients[1].receive() != nil)
            scrape = try await measured.scrape()
            #expect(scrape["flashctl_requests_in_flight"] == 0)
            #expect(scrape["flashctl_http_connections"] == 1)
            let waited = scrape.sum("flashctl_http_request_duration_seconds_sum", by: "route")["checkout"]
            let calls = scrape["flashctl_batch_duration_seconds_sum{kind=\"checkout\"}"]
            #expect(waited ?? 0 > 0 && calls ?? 0 > 0)
        }
    }
}
