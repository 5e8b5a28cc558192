import Foundation
import Testing

@testable import flashctl

/// The pieces of which the page is made.
@Suite struct PagePartTests {
    private func canvas(_ size: ChartCanvas.Size = .wide, high: Double = 100) -> ChartCanvas {
        ChartCanvas(
            size,
            height: 260,
            x: .time(from: 0, to: 60, ticks: 6),
            y: .counts(upTo: high)
        )
    }

    /// Heights of the labels of a drawing, from above.
    private func heights(_ body: String) -> [Double] {
        body.split(separator: "\n").filter { $0.contains("class=\"label") }.compactMap { line in
            let after = line.components(separatedBy: " y=\"").last ?? ""
            return Double(after.prefix { $0 != "\"" })
        }
    }

    @Test func tablesNameTheirRowsAndColumns() {
        let table = Markup.table(
            caption: "a & b",
            columns: [.init("name", isNumber: false), .init("count")],
            rows: [[.init("x<y", swatch: "o-held"), .init("7", style: "bad")]]
        )
        #expect(table.contains("<caption>a &amp; b</caption>"))
        #expect(table.contains("<th scope=\"col\">name</th><th scope=\"col\" class=\"n\">count</th>"))
        #expect(
            table.contains("<th scope=\"row\"><i class=\"swatch o-held\"></i>x&lt;y</th><td class=\"n bad\">7</td>")
        )
    }

    @Test(
        arguments: [
            ("<b>", "&lt;b&gt;"),
            ("\"'&", "&quot;&#39;&amp;"),
            ("a\u{0}b\u{9}c\u{85}", "a\\u{0}b\\u{9}c\\u{85}"),
            ("\u{202E}evil\u{2066}", "\\u{202e}evil\\u{2066}"),
            ("Grüße 👋🏽 日本", "Grüße 👋🏽 日本"),
            ("", ""),
        ]
    )
    func textIsNeverMarkup(text: String, expected: String) {
        #expect(Markup.escaped(text) == expected)
    }

    @Test func labelsDoNotCoverEachOther() {
        var canvas = canvas()
        canvas.labels([("a", 50, "s"), ("b", 50, "s"), ("c", 51, "s"), ("d", 0, "s"), ("e", 0, "s")])
        let heights = heights(canvas.body)
        #expect(heights.count == 5)
        for (above, below) in zip(heights, heights.dropFirst()) { #expect(below - above >= 14.9) }
        #expect((heights.last ?? 1000) <= canvas.plotBottom + 4, "the stack hangs out below")
    }

    @Test func linesAndAreasStayInTheFrame() {
        var canvas = canvas()
        canvas.line([(0, 0), (60, 100), (90, 1000)], "c-sent")
        canvas.area([(0, 0, 50), (60, 0, 100)], "o-held")
        canvas.line([], "c-nothing")
        canvas.area([], "o-nothing")
        let right = canvas.size.width - canvas.size.right
        #expect(canvas.body.contains("<path class=\"line c-sent\" d=\"M64 222L\(Markup.number(right)) 26"))
        #expect(canvas.body.contains("L\(Markup.number(right)) 26\"/>"), "what is beyond stays at the end")
        #expect(canvas.body.contains("<path class=\"area o-held\" d=\"M64 124L") && canvas.body.contains("Z\"/>"))
        #expect(!canvas.body.contains("nothing"))
    }

    @Test func aDrawingSaysWhatItShows() {
        let svg = canvas(.narrow).svg(id: "rate", title: "Rate", description: "up & down")
        #expect(svg.hasPrefix("<svg class=\"narrow\" viewBox=\"0 0 380 260\" role=\"img\" aria-labelledby="))
        #expect(svg.contains("aria-labelledby=\"rate-narrow-title rate-narrow-desc\""))
        #expect(svg.contains("<desc id=\"rate-narrow-desc\">up &amp; down</desc>"))
    }

    @Test func axesNameTheirMarks() {
        var canvas = canvas()
        canvas.axes(
            yTitle: "requests",
            xTitle: "time",
            yText: { NumberText.decimal($0, digits: 0) },
            xText: { LoadOutlook.clock($0) }
        )
        for text in [">requests<", ">time<", ">50<", ">100<", ">0:30<", ">1:00<"] {
            #expect(canvas.body.contains(text))
        }
        #expect(canvas.body.components(separatedBy: "class=\"grid\"").count - 1 == canvas.y.ticks.count)
        #expect(canvas.body.components(separatedBy: "class=\"mark\"").count - 1 == canvas.x.ticks.count)
    }

    @Test func theTimelineIsThinnedWithoutLosingAnything() throws {
        let record = try SampleLoad.everything(seconds: 60)
        let time = ChartTimeline(record.timeline)
        #expect(time.start == 0 && time.end == 60 && time.warmupEnd == 5)
        for count in [60, 30, 20, 5, 2] {
            let thin = time.thinned(to: count)
            #expect(thin.count <= max(count, 2))
            #expect(thin.reduce(0) { $0 + $1.completed } == record.timeline.reduce(0) { $0 + $1.completed })
            #expect(thin.first?.start == 0 && thin.last?.end == 60)
            // A spike is seen however thin it becomes.
            #expect(thin.map(\.latency.max).max() == record.timeline.map(\.latency.max).max())
        }
        #expect(ChartTimeline([]).thinned(to: 5).isEmpty)
    }

    @Test func linesReachFromEndToEnd() {
        let points = SampleLoad.record((0..<3).map { SampleLoad.second($0) }).timeline
        let line = ChartTimeline.line(points) { Double($0.completed) }
        #expect(line.map(\.x) == [0, 0.5, 1.5, 2.5, 3] && line.allSatisfy { $0.y == 100 })
        #expect(ChartTimeline.line(points) { _ in nil }.isEmpty)
        // Points without the value leave a gap at the ends only.
        let last = ChartTimeline.line(points) { $0.start == 2 ? 7 : nil }
        #expect(last.map(\.x) == [2, 2.5, 3])
    }

    @Test func layersStandOnEachOther() {
        let points = SampleLoad.record((0..<2).map { SampleLoad.second($0, held: 60, soldOut: 40) }).timeline
        let layers = ChartTimeline.stack(
            points,
            [{ Double($0.count(of: .held)) }, { Double($0.count(of: .soldOut)) }]
        )
        #expect(layers.count == 2)
        #expect(layers[0].allSatisfy { $0.low == 0 && $0.high == 60 })
        #expect(layers[1].allSatisfy { $0.low == 60 && $0.high == 100 })
        #expect(ChartTimeline.stack(points, []).isEmpty)
    }

    @Test func aHillIsAsHighAsItsPeak() {
        let histogram = SampleLoad.histogram(microseconds: [100, 100, 100, 100, 5000, 5000, 90_000])
        let hill = DistributionChart.hill(histogram)
        #expect(hill.map(\.height).max() == 1)
        #expect(hill.contains { $0.height == 0.5 } && hill.contains { $0.height == 0.25 })
        #expect(hill.contains { $0.height == 0 }, "between the peaks there is nothing")
        for (step, next) in zip(hill, hill.dropFirst()) { #expect(step.latency <= next.latency) }
        #expect((hill.first?.latency ?? 0) <= 100_000 && (hill.last?.latency ?? 0) >= 90_000_000)
        #expect(DistributionChart.hill(LoadTally.newHistogram()).isEmpty)
    }

    @Test func everyOutcomeHasAColor() {
        for outcome in LoadOutcome.allCases {
            #expect(PageStyle.css.contains(".o-\(outcome.rawValue) { color: var(--"))
        }
        #expect(!PageStyle.css.contains("var(--ink); }\n.o-"))
        // What is named is defined, for light and for dark.
        let names = PageStyle.css.components(separatedBy: "var(--").dropFirst().map {
            $0.prefix { $0 != ")" && $0 != "," }
        }
        for name in Set(names.map(String.init)) where name != "c" {
            #expect(PageStyle.css.components(separatedBy: "--\(name): #").count - 1 == 2, "\(name)")
        }
    }

    @Test func namesOfThinLayersDoNotCoverEachOther() throws {
        let states = [(10_000, 0), (0, 10_000)] + Array(repeating: (0, 0), count: 98)
        let record = SampleLoad.record(
            states.enumerated().map { second, state in
                var interval = SampleLoad.second(second)
                let sold = 10_000 - state.0 - state.1
                interval.shop = .init(free: state.0, held: state.1, sold: sold, backlog: 0)
                return interval
            }
        )
        let canvas = try #require(TimeCharts(record).stock).canvas(.wide)
        let drawing = canvas.svg(id: "stock", title: "Stock", description: "")
        let heights = ["free", "held"].map { name in
            drawing.split(separator: "\n").first { $0.hasSuffix(">\(name)</text>") }?.split(separator: "\"")[5]
        }
        let free = Double(try #require(heights[0]))
        let held = Double(try #require(heights[1]))
        #expect(abs(try #require(free) - (try #require(held))) >= 15, "\(heights)")
    }
}
