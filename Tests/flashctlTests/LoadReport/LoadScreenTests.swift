import Testing

@testable import flashctl

/// What somebody sees who watches a load test.
@Suite struct LoadScreenTests {
    private let outlook = LoadOutlook(title: "k6", target: "http://127.0.0.1:8080", model: .open, seconds: 100)

    private func timeline(seconds: Int = 4) -> LoadTimeline {
        var timeline = LoadTimeline()
        for number in 0..<seconds {
            var second = SampleLoad.second(number, held: 600, soldOut: 399, errors: 1)
            second.inFlight = 12
            second.waiting = 3
            second.shop = .init(free: 4000 - 600 * number, held: 500 * number, sold: 100 * number, backlog: 37)
            timeline.add(second)
        }
        return timeline
    }

    @Test func everythingIsInItsPlace() throws {
        let screen = LoadScreen(
            outlook: outlook,
            unicode: true,
            thresholds: [try LoadThreshold(parsing: "checkout.p99>20ms", option: "--fail-if")]
        )
        let text = screen.text(timeline(), width: 80, color: false)
        let bar = "[██" + String(repeating: "░", count: 54) + "]"
        let stock = StockBar(sold: 300, held: 1500, free: 2200, unicode: true).text(width: 80, color: false)
        let expected = """
            loadtest k6, open model, http://127.0.0.1:8080
            \(bar)  4 %  0:04  1:36 left

            rate       sent 1,000/s of 1,000/s  answered 1,000/s
                       ████
            generator  in flight 12, late 3, sent 40 µs late (p99), 0.50 processors

            latency    p50 1.00 ms  p99 2.00 ms  max 3.00 ms
            p50        ████
            p99        ████

            \(stock)backlog    37 journal entries not yet in Postgres

            outcome       per second  total    share
            ------------  ----------  -----  -------
            held                 600  2,400  60.00 %
            sold_out             399  1,596  39.90 %
            server_error           1      4   0.10 %

            fails if checkout.p99>20ms: 2.00 ms

            """
        #expect(text == expected)
        #expect(stock.contains("300 sold") && stock.contains("2,200 free"))
    }

    @Test(arguments: [20, 32, 40, 60, 80, 200])
    func noLineIsWiderThanTheWindow(width: Int) {
        let text = LoadScreen(outlook: outlook, unicode: true).text(timeline(seconds: 300), width: width, color: false)
        for line in text.split(separator: "\n") {
            // The bar of the stock has a narrowest width of its own.
            #expect(DisplayWidth.of(String(line)) <= max(width, 24), "\(line)")
        }
    }

    @Test func withoutUTF8ItIsASCII() {
        let text = LoadScreen(outlook: outlook, unicode: false).text(timeline(), width: 80, color: false)
        let marks = text.filter { !$0.isASCII }
        #expect(Set(marks).isSubset(of: ["µ", "…"]), "\(marks)")
        #expect(text.contains("[##...") && text.contains("p99        ####"))
    }

    @Test func aLineTellsASecondToALog() {
        let screen = LoadScreen(outlook: outlook, unicode: true)
        #expect(
            screen.line(timeline())
                == "0:04  4 %  answered 1,000/s  sent 1,000/s of 1,000/s  p50 1.00 ms  p99 2.00 ms  "
                + "held 600  sold_out 399  server_error 1  in flight 12  late 3  free 2,200  backlog 37"
        )
        var warm = LoadTimeline()
        warm.add(SampleLoad.second(0, isWarmup: true))
        #expect(screen.line(warm).hasPrefix("0:01  warm-up  1 %  answered 100/s"))
        #expect(screen.line(LoadTimeline()).isEmpty)
    }

    @Test func whatIsLeftFollowsFromWhateverEndsTheRun() {
        var outlook = outlook
        #expect(outlook.share(seconds: 25, sent: 0) == 0.25)
        #expect(outlook.secondsLeft(seconds: 25, sent: 0, perSecond: 10) == 75)
        outlook.requests = 1000
        #expect(outlook.share(seconds: 25, sent: 500) == 0.5, "the requests are used up first")
        #expect(outlook.secondsLeft(seconds: 25, sent: 500, perSecond: 50) == 10)
        #expect(outlook.secondsLeft(seconds: 200, sent: 2000, perSecond: 50) == 0)
        outlook.seconds = nil
        #expect(outlook.secondsLeft(seconds: 25, sent: 500, perSecond: 0) == nil)
        outlook.requests = nil
        #expect(outlook.share(seconds: 25, sent: 500) == nil)
        #expect(
            LoadOutlook.clock(7) == "0:07" && LoadOutlook.clock(754) == "12:34" && LoadOutlook.clock(3723) == "1:02:03"
        )
    }

    @Test func sparklinesBeginAtZero() {
        #expect(Sparkline.text([0, 1, 2, 4, 8], width: 10, unicode: true) == "▁▁▂▄█")
        #expect(Sparkline.text([5, 5], width: 10, unicode: false) == "##")
        #expect(Sparkline.text([1, 2, 3, 4, 8], width: 2, unicode: true) == "▄█")
        #expect(
            Sparkline.text([0, 0], width: 5, unicode: true) == "▁▁" && Sparkline.text([], width: 5, unicode: true) == ""
        )
        #expect(ProgressBar(share: 0.5, unicode: false).text(width: 12) == "[#####.....]")
        #expect(ProgressBar(share: 1, unicode: true).text(width: 5) == "[███]")
        #expect(ProgressBar(share: nil, unicode: true).text(width: 5) == "[░░░]")
    }
}
