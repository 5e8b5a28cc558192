import Testing

@testable import flashctl

/// Where values stand in drawings, and what may stand in a page.
@Suite struct PageScaleTests {
    @Test(arguments: [0.0, 0.3, 1, 7, 99, 100, 101, 12_345, 1e6, 3e9])
    func countsBeginAtNothingAndHoldAll(greatest: Double) {
        let scale = AxisScale.counts(upTo: greatest)
        #expect(scale.low == 0 && scale.high >= greatest && scale.ticks.first == 0 && scale.ticks.last == scale.high)
        #expect(scale.ticks == scale.ticks.sorted() && (2...6).contains(scale.ticks.count), "\(scale.ticks)")
        #expect(scale.position(0) == 0 && scale.position(scale.high) == 1)
        #expect(scale.position(greatest * 100 + 100) == 1 && scale.position(-1) == 0)
    }

    @Test(arguments: [(1.0, 1.0), (1e3, 5e6), (9.9e5, 1.1e6), (0, 0), (1e6, 1e9), (5e9, 2e3)])
    func latenciesStandBetweenPowersOfTen(lowest: Double, highest: Double) {
        let scale = AxisScale.logarithmic(from: lowest, to: highest)
        #expect(scale.low <= max(lowest, 1) && scale.high >= max(highest, lowest, 1))
        #expect(scale.ticks.count >= 2)
        for (left, right) in zip(scale.ticks, scale.ticks.dropFirst()) { #expect(abs(right / left - 10) < 1e-9) }
        #expect(scale.position(0) == 0 && scale.position(scale.low) == 0 && scale.position(scale.high) == 1)
    }

    @Test(arguments: [0.0, 0.5, 1, 9, 60, 119, 3600, 86_400, 500_000])
    func timesHaveStepsThatAClockHas(end: Double) {
        let scale = AxisScale.time(from: 0, to: end, ticks: 8)
        #expect(scale.ticks.first == 0 && scale.ticks.count <= 10, "\(scale.ticks)")
        #expect(scale.high >= end && scale.position(scale.high) == 1)
    }

    @Test(arguments: [
        ("plain", "plain"),
        ("a<b>&\"c'", "a&lt;b&gt;&amp;&quot;c&#39;"),
        ("\u{1B}[31m", "\\u{1b}[31m"),
        ("a\u{0}b\nc", "a\\u{0}b\\u{a}c"),
        ("\u{202E}abc", "\\u{202e}abc"),
        ("\u{2066}abc", "\\u{2066}abc"),
        ("\u{9F}\u{7F}", "\\u{9f}\\u{7f}"),
        ("größe 😀", "größe 😀"),
    ])
    func nothingThatIsShownIsMarkup(text: String, escaped: String) {
        #expect(Markup.escaped(text) == escaped)
    }

    @Test(arguments: [
        (0.0, "0"), (1, "1"), (1.04, "1"), (1.05, "1.1"), (-2.25, "-2.3"), (-0.04, "0"), (120.96, "121"),
        (Double.nan, "0"), (.infinity, "0"),
    ])
    func coordinatesHaveATenthOfAPixel(value: Double, text: String) {
        #expect(Markup.number(value) == text)
    }

    @Test(
        arguments: [
            ([], 5, ""), ([0, 0], 5, "__"), ([1, 2, 4, 8], 9, "_.-#"), ([5, 5, 5], 2, "##"), ([1, 2], 0, ""),
            ([-1, 6], 5, "_#"),
        ] as [([Double], Int, String)]
    )
    func aCourseIsALine(values: [Double], width: Int, text: String) {
        #expect(Sparkline.text(values, width: width, unicode: false) == text)
        #expect(Sparkline.text(values, width: width, unicode: true).count == text.count)
    }

    @Test(
        arguments: [(nil, "[....]"), (0, "[....]"), (0.24, "[....]"), (0.25, "[#...]"), (1, "[####]"), (7, "[####]")]
            as [(Double?, String)]
    )
    func aBarIsAsFullAsTheWork(share: Double?, text: String) {
        #expect(ProgressBar(share: share, unicode: false).text(width: 6) == text)
        #expect(ProgressBar(share: share, unicode: true).text(width: 6).count == 6)
    }

    @Test(arguments: [(1.0, "1 ns"), (100, "100 ns"), (1e3, "1 µs"), (1e5, "100 µs"), (1e6, "1 ms"), (1e10, "10 s")])
    func marksOfLatenciesAreWhole(nanoseconds: Double, text: String) {
        #expect(LatencyText.tick(nanoseconds) == text)
    }
}
