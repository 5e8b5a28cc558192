import NIOCore
import Testing

@testable import FlashSaleKit
@testable import flashserve

/// What Prometheus thinks of a scrape.
@Suite(.serialized) struct MetricsFormatTests {
    @Test("promtool has nothing to say about a scrape of a working server")
    func promtool() async throws {
        try await MeasuredServer.with(TestServer.terms(stock: 3, limit: 2)) { measured in
            let client = try await measured.server.connect()
            for user in ["a", "a", "a", "b", "c"] { _ = try await client.checkout(user) }
            let scrape = try await measured.fullScrape()
            #expect(scrape.families.count > 30)
            #expect(try await Promtool.complaints(of: scrape.text) == "")
            // It does find faults.
            #expect(try await Promtool.complaints(of: "# TYPE wrong counter\nwrong 1\n").contains("wrong"))
        }
    }

    /// All that there can be: every route with every status, every check, three live sales.
    private func worstCase() throws -> Scrape {
        var counters = LoopCounters()
        for series in RequestDurations.series {
            let answer = ByteBuffer(string: "HTTP/1.1 \(series.status ?? 405) Whatever\r\n")
            counters.answered(series.route, with: answer, after: .milliseconds(7))
        }
        var values = ServerState.Values()
        for number in [1, 2, 3] as [Int64] {
            let id = try #require(SaleID(number))
            values.sales.append(Sale(id: id, terms: TestServer.terms(), epoch: number, finishedAt: nil))
            values.stocks.append(SaleStock(sale: id, epoch: number, free: 1, held: 2, sold: 3))
            values.lags += JournalStream.allCases.map { JournalLag(saleID: id, stream: $0) }
        }
        values.guards.checks = GuardCheck.Name.allCases.map { GuardCheck($0, .ok, "fine") }
        values.guards.deadLetters = 0
        values.guards.recoveries = 1
        let offset = ClockOffset(microseconds: 5, uncertainty: 1)
        values.guards.skew = ClockSkew(redis: offset, postgres: offset)
        values.verification = VerificationStatus(
            at: Timestamp(microseconds: 0),
            seconds: 1,
            sales: 3,
            recovering: 0,
            violations: 0,
            sentences: []
        )
        var text = ServerMetrics.families(values, counters, now: Timestamp(microseconds: 1_000_000))
        ServerMetrics.addTraces(dropped: 0, to: &text)
        ServerMetrics.addProcess(.read(), ServerBuild(), to: &text)
        return Scrape(text: text.text)
    }

    @Test("a scrape has fewer than 500 series at worst, each once (regression 30)")
    func worst() async throws {
        let scrape = try worstCase()
        #expect(scrape.series.count < 500)
        #expect(scrape.series.count == Set(scrape.series).count)
        #expect(try await Promtool.complaints(of: scrape.text) == "")
        for route in RequestRoute.allCases {
            for status in route.statuses {
                let series = "flashctl_http_request_duration_seconds_count{route=\"\(route)\",status=\"\(status)\"}"
                #expect(scrape[series] == 1)
            }
        }
    }

    @Test("a worst case forgets no family of a real scrape")
    func complete() async throws {
        try await MeasuredServer.with { measured in
            let client = try await measured.server.connect()
            #expect(try await client.checkout("a").status == 201)
            let real = try await measured.fullScrape().families
            let worst = try self.worstCase().families
            #expect(worst == real)
        }
    }

    @Test("buckets grow up to the count, and a family of histograms without series is left out")
    func histograms() {
        var text = MetricsText()
        text.add("none", "Nothing.", [])
        var histogram = MetricsText.Histogram(sum: 3.5, count: 4)
        histogram.buckets = [(0.5, 1), (1, 3)]
        text.add("some_seconds", "Some.", [([("a", "b")], histogram), ([], histogram)])
        #expect(
            text.text == """
                # HELP some_seconds Some.
                # TYPE some_seconds histogram
                some_seconds_bucket{a="b",le="0.5"} 1
                some_seconds_bucket{a="b",le="1"} 3
                some_seconds_bucket{a="b",le="+Inf"} 4
                some_seconds_sum{a="b"} 3.5
                some_seconds_count{a="b"} 4
                some_seconds_bucket{le="0.5"} 1
                some_seconds_bucket{le="1"} 3
                some_seconds_bucket{le="+Inf"} 4
                some_seconds_sum 3.5
                some_seconds_count 4

                """
        )
    }

    @Test("the process says what the system knows of it")
    func process() {
        let before = ProcessFacts.read()
        let now = Double(Timestamp.host.microseconds) / 1e6
        #expect((now - 86_400 * 30...now + 2).contains(before.startTime ?? 0))
        #expect(before.residentBytes ?? 0 > 1_000_000)
        #expect(before.openFiles ?? 0 > 2)
        #expect(before.maximumFiles ?? 0 >= before.openFiles ?? .infinity)
        var sum = 0.0
        while ProcessFacts.read().cpuSeconds ?? .infinity <= before.cpuSeconds ?? 0 { sum += sum.squareRoot() + 1 }
        #expect(sum >= 0)
    }
}
