import FlashSaleKit
import Foundation
import Testing

@testable import flashserve

@Suite(.serialized) struct MetricsTests {
    /// A server with metrics on a free port.
    private func withMetrics(
        _ terms: SaleTerms = TestServer.terms(stock: 5000),
        _ body:
            @Sendable (TestServer, HTTPTestClient, _ scrape: @Sendable () async throws -> String) async throws -> Void
    ) async throws {
        let port = Shared(0)
        try await TestServer.with(
            terms,
            configure: { options in
                options.adminPort = 0
                options.guardInterval = .milliseconds(200)
                options.verifyInterval = .milliseconds(500)
                options.onAdminListening = { port.value = $0 }
            }
        ) { server in
            try await body(server, try await server.connect()) {
                let admin = try await HTTPTestClient.connect(port: port.value)
                let answer = try await admin.request("GET", "/metrics")
                #expect(answer.status == 200)
                #expect(answer.headers["content-type"] == MetricsText.contentType)
                return answer.body
            }
        }
    }

    /// The value of a series, nil when there is none.
    private func value(_ series: String, in text: String) -> Double? {
        text.split(separator: "\n").first { $0.hasPrefix("\(series) ") }
            .flatMap { Double($0.dropFirst(series.count + 1)) }
    }

    @Test("what was answered is counted, and what Redis holds is shown")
    func counters() async throws {
        try await withMetrics(TestServer.terms(stock: 3, limit: 2)) { server, client, scrape in
            let code = try await client.checkout("ann", key: "k").code
            #expect(try await client.checkout("ann", key: "k").status == 201)
            #expect(try await client.checkout("ann").status == 201)
            #expect(try await client.checkout("ann").status == 429)
            #expect(try await client.checkout("bob").status == 201)
            #expect(try await client.checkout("carl").status == 409)
            #expect(try await client.purchase(code).status == 200)
            let sale = server.sale.id
            try await until(1) {
                self.value("flashctl_sale_units{sale=\"\(sale)\",state=\"sold\"}", in: try await scrape())
            }
            try await until(0) {
                self.value("flashctl_journal_lag_entries{sale=\"\(sale)\",stream=\"attempts\"}", in: try await scrape())
            }
            try await until(0) { self.value("flashctl_invariant_violations", in: try await scrape()) }
            let text = try await scrape()
            let expected: [(String, Double)] = [
                ("flashctl_attempts_total{outcome=\"held\"}", 3), ("flashctl_attempts_repeated_total", 1),
                ("flashctl_attempts_total{outcome=\"user_limit\"}", 1),
                ("flashctl_attempts_total{outcome=\"sold_out\"}", 1), ("flashctl_purchases_total", 1),
                ("flashctl_checkouts_refused_total{reason=\"overloaded\"}", 0), ("flashctl_dead_letters", 0),
                ("flashctl_sale_units{sale=\"\(sale)\",state=\"held\"}", 2),
                ("flashctl_sale_units{sale=\"\(sale)\",state=\"free\"}", 0),
                ("flashctl_store_up{store=\"redis\"}", 1), ("flashctl_store_up{store=\"postgres\"}", 1),
                ("flashctl_overloaded", 0), ("flashctl_expiry_paused", 0),
                ("flashctl_check_level{check=\"eviction_policy\"}", 0), ("flashctl_redis_validations_total", 1),
            ]
            for (series, count) in expected { #expect(value(series, in: text) == count, "\(series)") }
            #expect(value("flashctl_sale_epoch{sale=\"\(sale)\"}", in: text) ?? 0 > 0)
            let skew = try #require(value("flashctl_clock_skew_seconds{first=\"redis\",second=\"host\"}", in: text))
            #expect(abs(skew) < 1)
            #expect(value("flashctl_verify_age_seconds", in: text) ?? 99 < 60)
            #expect(value("flashctl_recoveries_total", in: text) != nil)
        }
    }

    @Test("every family has one help line and one type, and every series belongs to one")
    func format() async throws {
        try await withMetrics { _, client, scrape in
            #expect(try await client.checkout("ann").status == 201)
            try await until(true) { try await scrape().contains("flashctl_recoveries_total") }
            var families: Set<Substring> = []
            for line in try await scrape().split(separator: "\n") {
                let words = line.split(separator: " ")
                if line.hasPrefix("# HELP ") {
                    let isNew = families.insert(words[2]).inserted
                    #expect(isNew, "\(line)")
                }
                if line.hasPrefix("#") {
                    #expect(families.contains(words[2]))
                } else {
                    var name = words[0].prefix { $0 != "{" }
                    for part in ["_bucket", "_sum", "_count"] where name.hasSuffix(part) && !families.contains(name) {
                        name = name.dropLast(part.count)
                    }
                    #expect(
                        families.contains(name) && ["flashctl", "process"].contains(name.prefix { $0 != "_" }),
                        "\(line)"
                    )
                    #expect(Double(words[words.count - 1]) != nil, "\(line)")
                }
            }
            #expect(families.count > 10)
        }
    }

    @Test("metrics have bounded labels: thousands of users, items and codes add no series (regression 30)")
    func boundedLabels() async throws {
        try await withMetrics { server, client, scrape in
            for user in 0..<50 { _ = try await client.checkout("warm\(user)") }
            try await until(true) { try await scrape().contains("flashctl_sale_units{sale=\"\(server.sale.id)\"") }
            func series() async throws -> [Substring] {
                try await scrape().split(separator: "\n").filter { !$0.hasPrefix("#") }
                    .map { $0.prefix { $0 != " " } }
            }
            try await until(true) { try await series().contains { $0.hasPrefix("flashctl_invariant_violations") } }
            let before = try await series()
            let requests = (0..<3000).map { "POST /checkout?user_id=label\($0)&id=\(7_000_000 + $0) HTTP/1.1\r\n\r\n" }
            for start in stride(from: 0, to: requests.count, by: 50) {
                try await client.send(requests[start..<start + 50].joined())
                for _ in 0..<50 { #expect(try #require(await client.receive()).status == 201) }
            }
            let after = try await series()
            #expect(Set(after) == Set(before))
            #expect(after.count == Set(after).count, "no series twice")
            let text = try await scrape()
            #expect(!text.contains("label") && !text.contains("7000"))
            #expect(value("flashctl_attempts_total{outcome=\"held\"}", in: text) == 3050)
        }
    }

    @Test("admin routes are not on the public port, and public ones not on the admin port (regression 31)")
    func separateListeners() async throws {
        let port = Shared(0)
        try await TestServer.with(
            configure: { options in
                options.adminPort = 0
                options.onAdminListening = { port.value = $0 }
            }
        ) { server in
            let client = try await server.connect()
            for path in ["/metrics", "/admin", "/admin/pause", "/pause", "/debug", "/metrics?x=1"] {
                for method in ["GET", "POST", "DELETE"] {
                    #expect(try await client.request(method, path).status == 404, "\(method) \(path)")
                }
            }
            for (method, path, status) in [
                ("POST", "/checkout?user_id=a&id=1", 404), ("GET", "/health", 404), ("POST", "/metrics", 405),
                ("DELETE", "/metrics", 405), ("GET", "/metrics", 200),
            ] {
                let admin = try await HTTPTestClient.connect(port: port.value)
                let answer = try await admin.request(method, path)
                #expect(answer.status == status, "\(method) \(path)")
                #expect(await admin.receive() == nil, "one request a connection")
            }
            #expect(try await server.snapshot().held == 0)
        }
    }

    @Test("a taken port costs the metrics, not the sale; one that was asked for ends the server")
    func takenPort() async throws {
        let port = Shared(0)
        try await TestServer.with(
            configure: { options in
                options.adminPort = 0
                options.onAdminListening = { port.value = $0 }
            }
        ) { first in
            let second = try await TestServer.start(on: first.stack) { $0.adminPort = port.value }
            #expect(try await second.connect().checkout("ann").status == 201)
            try await second.stop()
            let error = await #expect(throws: ServerError.self) {
                _ = try await TestServer.start(on: first.stack) { options in
                    options.adminPort = port.value
                    options.adminPortIsRequired = true
                }
            }
            #expect(error?.code == .cannotListen)
            #expect(error?.nextStep?.contains("--admin-port") == true)
        }
    }

    @Test("labels are escaped, numbers are whole where they can be, and families without series are left out")
    func text() {
        var text = MetricsText()
        text.add(.gauge, "empty", "Nothing.", [])
        text.add(.counter, "one_total", "One.", 12_345_678_901)
        text.add(.gauge, "two", "Two.", [([("a", "x\"y\\z\n")], 0.25)])
        #expect(
            text.text == """
                # HELP one_total One.
                # TYPE one_total counter
                one_total 12345678901
                # HELP two Two.
                # TYPE two gauge
                two{a="x\\"y\\\\z\\n"} 0.25

                """
        )
    }
}
