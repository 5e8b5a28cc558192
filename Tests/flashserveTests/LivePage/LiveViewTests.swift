import Testing

@testable import FlashSaleKit
@testable import flashserve

/// Which sale is shown, what is said of it, and what is too old to be said.
@Suite struct LiveViewTests {
    private let open = Timestamp(seconds: 150)

    private func values(_ sales: [Sale]) throws -> ServerState.Values {
        var values = ServerState.Values()
        values.sales = sales
        values.redisTrouble = nil
        values.redis = RedisInstallation(
            endpoint: try RedisEndpoint(parsing: "127.0.0.1:6379"),
            identity: RedisIdentity(runID: "a", masterReplID: "b", installationID: "c", epoch: 1),
            epochs: [:],
            generation: 1
        )
        values.measuredAt = .now
        values.stocks = sales.map { SaleStock(sale: $0.id, epoch: 1, free: 5, held: 3, sold: 2) }
        return values
    }

    private func server() -> LiveNow.Server { LiveSample.now(.selling).server }

    private func phase(
        _ values: ServerState.Values,
        at seconds: Int64 = 150,
        units: LiveUnits? = LiveUnits(free: 5, held: 3, sold: 2)
    ) throws -> LivePhase {
        let sale = try #require(values.sales.first)
        return LivePhase.of(sale, at: Timestamp(seconds: seconds), values, units: units, snapshot: nil).phase
    }

    @Test("the sale that sells is shown; else one that is closing; else the next")
    func choice() throws {
        let closing = try LiveSample.sale(1, opens: 0, closes: 100)
        let selling = try LiveSample.sale(2, opens: 100, closes: 200)
        let coming = try LiveSample.sale(3, opens: 200, closes: 300)
        let notOpened = try LiveSample.sale(4, opens: 100, closes: 200, epoch: nil)
        func shown(_ sales: [Sale]) -> [Int64?] {
            let choice = LiveChoice(sales, at: open)
            return [choice.shown?.id.rawValue, choice.next?.id.rawValue]
        }
        #expect(shown([closing, selling, coming]) == [2, 3])
        #expect(shown([closing, coming]) == [1, 3], "its holds of a minute may still be paid")
        let over = LiveChoice([closing, coming], at: Timestamp(seconds: 160))
        #expect(over.shown?.id == coming.id && over.next == nil)
        #expect(LiveChoice([closing], at: Timestamp(seconds: 160)).shown?.id == closing.id)
        #expect(shown([coming]) == [3, nil], "the same sale is not announced twice")
        #expect(shown([notOpened, coming]) == [4, 3], "it is opened in a moment")
        #expect(shown([selling, notOpened]) == [2, nil])
        #expect(shown([]) == [nil, nil])
    }

    @Test("every phase has its word")
    func phases() throws {
        let sale = try LiveSample.sale(2, opens: 100, closes: 200)
        var values = try values([sale])
        #expect(try phase(values, at: 99) == .scheduled)
        #expect(try phase(values) == .selling)
        #expect(try phase(values, units: nil) == .selling)
        #expect(try phase(values, units: LiveUnits(free: 0, held: 3, sold: 7)) == .soldOut)
        #expect(try phase(values, at: 200) == .closed)
        values.clockTrouble = "the clock of Redis is 60 s ahead"
        #expect(try phase(values) == .unavailable)
        values.clockTrouble = nil
        values.redisTrouble = "connection refused"
        #expect(try phase(values) == .unavailable)
        values.redisTrouble = nil
        values.redis?.shut[sale.id] = ShutSale(epoch: 1, why: "the ledger does not add up")
        #expect(try phase(values) == .recovering)
        values.redis = nil
        #expect(try phase(values) == .recovering)
        let words: [LivePhase] = [.scheduled, .selling, .paused, .soldOut, .closed, .recovering, .unavailable]
        for word in words { #expect(LivePage.html.contains("\(word.rawValue): '"), "\(word) has no word on the page") }
    }

    @Test("numbers that are too old, or of a Redis in doubt, are left out")
    func age() throws {
        var values = try values([try LiveSample.sale(2, opens: 100, closes: 200)])
        var lag = JournalLag(saleID: values.sales[0].id, stream: .ledger)
        (lag.entries, lag.bytes, lag.seconds) = (4, 100, 1.5)
        var other = JournalLag(saleID: values.sales[0].id, stream: .attempts)
        (other.entries, other.bytes, other.seconds) = (3, 50, 2.5)
        values.lags = [lag, other]
        let view = LiveView(values, at: open, sale: nil)
        #expect(view.units == LiveUnits(free: 5, held: 3, sold: 2))
        #expect(view.journal == LiveNow.Journal(entries: 7, bytes: 150, seconds: 2.5))
        let later = ContinuousClock.now + Limits.liveAge + .seconds(1)
        let old = LiveView(values, at: open, sale: nil, now: later)
        #expect(old.units == nil && old.journal == nil)
        values.redisTrouble = "connection refused"
        let doubtful = LiveView(values, at: open, sale: nil)
        #expect(doubtful.units == nil && doubtful.journal == nil)
        #expect(doubtful.now(server(), past: nil).units == nil)
    }

    @Test("a sale that is closing beside the one that sells is told of")
    func others() throws {
        let closing = try LiveSample.sale(1, opens: 0, closes: 100)
        let selling = try LiveSample.sale(2, opens: 100, closes: 200)
        let coming = try LiveSample.sale(3, opens: 200, closes: 300)
        let now = LiveView(try values([closing, selling, coming]), at: open, sale: nil).now(server(), past: [])
        #expect(now.sale?.id == 2 && now.next?.id == 3)
        #expect(now.others.map(\.id) == [1] && now.others[0].phase == .closed)
        #expect(now.others[0].units == LiveUnits(free: 5, held: 3, sold: 2))
    }

    @Test("whatever keeps the sale from going on is said, with the worst first")
    func health() throws {
        var values = try values([])
        values.sweepPause = nil
        #expect(LiveHealth(values).troubles.isEmpty && LiveHealth(values).redis == nil)
        values.overload = "the journal is too long"
        values.sweepPause = "the clocks differ"
        values.postgresTrouble = "connection refused"
        values.stoppedDrains[StoppedDrain(sale: .sample, stream: .attempts)] = "an entry is missing"
        values.verification = VerificationStatus(
            at: open,
            seconds: 1,
            sales: 1,
            recovering: 0,
            violations: 1,
            sentences: ["a unit was sold twice"]
        )
        let health = LiveHealth(values)
        #expect(health.postgres == "connection refused")
        #expect(
            health.troubles == [
                "the journal is too long", "lapsed holds are not returned: the clocks differ",
                "the attempts of sale 1 is not drained: an entry is missing",
                "the last verification has found: a unit was sold twice",
            ]
        )
        values.redis = nil
        #expect(LiveHealth(values).redis == "it is being validated")
    }
}
