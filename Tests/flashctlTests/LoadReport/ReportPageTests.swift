import Foundation
import FoundationXML
import Testing

@testable import flashctl

/// The page of a load test: one file that needs nothing else.
@Suite struct ReportPageTests {
    private func page(_ record: LoadRecord) -> String { ReportPage(record: record).html }

    @Test func itIsStrictXML() throws {
        for record in [try SampleLoad.everything(), SampleLoad.record([]), SampleLoad.record([SampleLoad.second(0)])] {
            let outline = PageOutline(page(record))
            #expect(outline.fault == nil, "\(outline.fault ?? "")")
        }
    }

    @Test func itNeedsNothingFromElsewhere() throws {
        let html = page(try SampleLoad.everything())
        let outline = PageOutline(html)
        let banned = [
            "script", "link", "img", "image", "iframe", "object", "embed", "use", "base", "form", "foreignObject",
        ]
        for name in banned { #expect(!outline.names.contains(name), "<\(name)>") }
        let allowed = [
            "charset", "name", "content", "http-equiv", "lang", "xmlns", "class", "id", "role", "viewBox", "d",
            "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "text-anchor", "scope", "aria-label",
            "aria-labelledby",
        ]
        #expect(outline.attributes.isSubset(of: allowed), "\(outline.attributes.subtracting(allowed))")
        for word in ["url(", "@import", "http://", "https://", "src=", "href="] {
            // The namespace is a name, and the target is text.
            let found = html.components(separatedBy: word).count - 1
            #expect(
                found == (word == "http://" ? 1 + html.components(separatedBy: "127.0.0.1:8080").count - 1 : 0),
                "\(word)"
            )
        }
        #expect(html.contains("default-src 'none'"))
    }

    @Test func itIsSmallHoweverLongTheRunWas() throws {
        #expect(page(try SampleLoad.everything()).utf8.count < 500_000)
        var record = try SampleLoad.everything(seconds: 60)
        // As many points as a timeline ever has.
        let points = record.timeline
        record.timeline = (0..<LoadTimeline.maximumPoints).map { number in
            var point = points[number % points.count]
            point.start = Double(number)
            point.isWarmup = number < 5
            return point
        }
        #expect(page(record).utf8.count < 700_000)
    }

    @Test func everyChartIsThereInBothSizesWithItsNameAndTable() throws {
        let outline = PageOutline(page(try SampleLoad.everything()))
        let ids = ["knee", "rate", "latency", "distribution", "outcomes", "stock", "backlog"]
        #expect(outline.charts == ids)
        for id in ids {
            for size in ["wide", "narrow"] {
                #expect(outline.ids.contains("\(id)-\(size)-title") && outline.ids.contains("\(id)-\(size)-desc"))
            }
        }
        #expect(outline.ids.count == Set(outline.ids).count, "an id is not unique")
        #expect(outline.count("svg") == 14 && outline.count("details") == 7)
        #expect(outline.count("title") == 15 && outline.count("desc") == 14)
    }

    @Test func chartsWithoutNumbersAreLeftOut() {
        let outline = PageOutline(page(SampleLoad.record([SampleLoad.second(0)])))
        #expect(outline.charts == ["rate", "latency", "distribution", "outcomes"])
        let empty = PageOutline(page(SampleLoad.record([])))
        #expect(empty.fault == nil && empty.text.contains("nothing was measured"))
    }

    @Test func noNumberIsLostOrNotANumber() throws {
        for record in [try SampleLoad.everything(), SampleLoad.record([]), SampleLoad.record([SampleLoad.second(0)])] {
            let html = page(record)
            for word in ["nan", "inf\"", "NaN"] { #expect(!html.contains("\"\(word)") && !html.contains(" \(word)")) }
            for path in PageOutline(html).paths { #expect(path.hasPrefix("M") && path.contains("L")) }
        }
    }

    @Test func theNumbersAreThoseOfTheRecord() throws {
        let record = try SampleLoad.everything()
        let text = PageOutline(page(record)).text
        for headline in LoadRecord.headlines {
            let count = record.figures.count(of: headline.group)
            #expect(text.contains("\(NumberText.grouped(count)) in all"))
            #expect(text.contains("\(LoadValueText.number(record.figures.perSecond(count).rounded()))/s"))
        }
        for outcome in record.seenOutcomes {
            #expect(text.contains(NumberText.grouped(record.figures.count(of: LoadGroup(outcome)))))
        }
        for row in record.latencyRows {
            #expect(text.contains(NumberText.latency(nanoseconds: row.histogram.valueAtPercentile(99.9))))
        }
        let wanted = [
            record.requestText, record.rateText, "PROMISE BROKEN", "2 purchases have no receipt: 0a1b, 77fe",
            "every 200 has one purchase", "1,130,022", "checkout.p99>20ms", "Abacus 2000", "appendfsync everysec",
            "fsync on", "flashctl loadtest --rate 2000/s", "Linux 6.1.0 x86_64", "revision abc", "Service time",
        ]
        for words in wanted { #expect(text.contains(words), "\(words)") }
    }

    @Test func hostileTextStaysText() throws {
        let hostile = "<script>alert(1)</script>\"'&]]>\u{0}\u{1B}[2J\u{202E}--><svg onload=x>\u{FFFF}"
        var record = try SampleLoad.everything(seconds: 6)
        record.title = hostile
        record.target = hostile
        record.plan = [.init(hostile, hostile)]
        record.provenance.commandLine = [hostile]
        record.provenance.kernel = hostile
        record.provenance.processor = hostile
        record.provenance.stores = [.init(name: hostile, description: hostile, settings: [.init(hostile, hostile)])]
        record.networkErrors = [(hostile, 1)]
        record.verification = .init(rows: [.init(name: hostile, checked: 1, violations: 1, offenders: [hostile])])
        record.verdict.add(.invariantViolated, hostile)
        var base = try LoadBaseline(Data(JSONText.line(record.data).utf8), path: hostile)
        base.startedAt = hostile
        record.compare(with: base, tolerances: LoadTolerance.usual)
        let html = page(record)
        let outline = PageOutline(html)
        #expect(outline.fault == nil, "\(outline.fault ?? "")")
        #expect(!outline.names.contains("script") && !outline.attributes.contains("onload"))
        #expect(!html.contains("<script") && !html.unicodeScalars.contains { [0, 0x1B, 0x202E].contains($0.value) })
        #expect(
            outline.text.contains(
                "<script>alert(1)</script>\"'&]]>\\u{0}\\u{1b}[2J\\u{202e}--><svg onload=x>\\u{ffff}"
            )
        )
    }

    @Test func axesHaveRoundMarks() {
        #expect(
            AxisScale.counts(upTo: 9998).ticks == [0, 2500, 5000, 7500, 10_000]
                || AxisScale.counts(upTo: 9998).high == 10_000
        )
        #expect(AxisScale.counts(upTo: 3).ticks == [0, 1, 2, 3] && AxisScale.counts(upTo: 0).ticks == [0, 1])
        #expect(
            AxisScale.time(from: 0, to: 120, ticks: 10).ticks.map { LoadOutlook.clock($0) }.suffix(2) == [
                "1:45", "2:00",
            ]
        )
        let hour = AxisScale.time(from: 0, to: 3600, ticks: 10)
        #expect(hour.ticks.count <= 11 && hour.ticks.last == 3600)
        let scale = AxisScale.logarithmic(from: 250_000, to: 30e9)
        #expect(
            scale.ticks.map { LatencyText.tick($0) } == ["100 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s", "100 s"]
        )
        #expect(scale.position(1e6) > 0.16 && scale.position(1e6) < 0.17 && scale.position(0) == 0)
        #expect(AxisScale.logarithmic(from: 1000, to: 1000).ticks.count == 2)
        #expect(Markup.number(12.34) == "12.3" && Markup.number(-0.06) == "-0.1" && Markup.number(7) == "7")
    }
}

/// What a strict parser finds in a page.
private final class PageOutline: NSObject, XMLParserDelegate {
    private(set) var fault: String?
    private(set) var elements: [String] = []
    private(set) var attributes: Set<String> = []
    private(set) var ids: [String] = []
    private(set) var charts: [String] = []
    private(set) var paths: [String] = []
    private(set) var text = ""

    var names: Set<String> { Set(elements) }

    init(_ html: String) {
        super.init()
        let parser = XMLParser(data: Data(html.utf8))
        parser.delegate = self
        if !parser.parse() { fault = "line \(parser.lineNumber): \(String(describing: parser.parserError))" }
    }

    func count(_ name: String) -> Int { elements.count { $0 == name } }

    func parser(
        _ parser: XMLParser,
        didStartElement name: String,
        namespaceURI: String?,
        qualifiedName: String?,
        attributes found: [String: String] = [:]
    ) {
        elements.append(name)
        attributes.formUnion(found.keys)
        if let id = found["id"] { ids.append(id) }
        if let path = found["d"] { paths.append(path) }
        if name == "section", found["class"] == "chart", let id = found["id"] { charts.append(id) }
        text += " "
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
}
