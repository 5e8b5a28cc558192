import Foundation
import Testing

@testable import flashctl

private struct Sample: Report {
    var data: DataValue
    var sections: [ReportSection] = []
}

@Suite struct OutputTests {
    private let collected = CollectingSink()

    private func write(_ format: Output.Format, _ report: some Report, width: Int? = nil) throws -> String {
        let terminal = Terminal(isTerminal: width != nil, width: width)
        try collected.environment(dataTerminal: terminal).output(format, color: .never).write(report)
        return collected.data
    }

    private let record = DataValue.fields([
        "user": .string("no"), "count": .integer(3), "rate": .double(1.5), "open": .bool(true), "none": .null,
        "list": .list([.string("a\"\\\n\t\r\u{1}\u{9B}é")]), "empty": .list([]), "nothing": .fields([:]),
    ])

    @Test func jsonKeepsOrderAndValues() throws {
        let text = try write(.json, Sample(data: record))
        let object = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(object["user"] as? String == "no")
        #expect(object["count"] as? Int == 3)
        #expect(object["rate"] as? Double == 1.5)
        #expect(object["open"] as? Bool == true)
        #expect(object["none"] is NSNull)
        #expect(object["list"] as? [String] == ["a\"\\\n\t\r\u{1}\u{9B}é"])
        #expect(text.hasPrefix("{\n  \"user\": \"no\",\n  \"count\": 3,"))
        #expect(text.hasSuffix("}\n"))
        #expect(!text.unicodeScalars.contains("\u{9B}"))
    }

    @Test func jsonHasNoInfinity() {
        #expect(JSONText.line(.list([.double(.infinity), .double(.nan)])) == "[null,null]")
    }

    @Test func ndjsonWritesOneElementALine() throws {
        let rows = DataValue.list([.fields(["a": .integer(1)]), .fields(["a": .integer(2)])])
        #expect(try write(.ndjson, Sample(data: rows)) == "{\"a\":1}\n{\"a\":2}\n")
    }

    @Test func ndjsonOfOneRecordIsOneLine() throws {
        #expect(try write(.ndjson, Sample(data: .fields(["a": .list([])]))) == "{\"a\":[]}\n")
    }

    @Test func yamlQuotesStringsThatLookLikeSomethingElse() throws {
        let text = try write(.yaml, Sample(data: record))
        #expect(text.contains("user: \"no\"\n"))
        #expect(text.contains("count: 3\n"))
        #expect(text.contains("none: null\n"))
        #expect(text.contains("empty: []\n"))
    }

    @Test func tablesGoToDataAndNothingElseDoes() throws {
        let layout = TableLayout(
            columns: [.init("name"), .init("count", .right)],
            rows: [["alice", "1"], ["bob", "1,000"]]
        )
        let sections: [ReportSection] = [
            .facts(title: "Facts", [("a", "1"), ("long name", "2")]),
            .table(title: nil, layout),
            .paragraph("end"),
        ]
        let text = try write(.table, Sample(data: .null, sections: sections))
        #expect(
            text == """
                Facts
                a          1
                long name  2

                name   count
                -----  -----
                alice      1
                bob    1,000

                end

                """
        )
        #expect(collected.talk.isEmpty)
    }

    @Test func tablesFitTheTerminal() throws {
        let layout = TableLayout(
            columns: [.init("name"), .init("note"), .init("count", .right)],
            rows: [[.init(String(repeating: "n", count: 40)), .init(String(repeating: "x", count: 100)), "1"]]
        )
        for width in [30, 40, 80, 200] {
            for line in layout.text(width: width, color: false).split(separator: "\n") {
                #expect(DisplayWidth.of(String(line)) <= width)
            }
        }
        #expect(layout.text(width: nil, color: false).contains(String(repeating: "x", count: 100)))
        #expect(layout.text(width: 40, color: false).contains("…"))
        // Too narrow for anything: it still ends.
        #expect(!layout.text(width: 3, color: false).isEmpty)
    }

    @Test func widthCountsColumnsNotLetters() {
        #expect(DisplayWidth.of("abc") == 3)
        #expect(DisplayWidth.of("漢字") == 4)
        #expect(DisplayWidth.of("é") == 1)
        #expect(DisplayWidth.of("🎟️") == 2)
        #expect(DisplayWidth.fitted("漢字漢字", to: 5) == "漢字…")
        #expect(DisplayWidth.fitted("abc", to: 3) == "abc")
        #expect(DisplayWidth.fitted("abc", to: 0) == "")
    }

    @Test func foreignTextCannotSteerTheTerminal() {
        #expect(TableLayout.Cell("a\u{1B}[31mb\u{9B}c").text == "a\\u{1b}[31mb\\u{9b}c")
    }

    @Test func coloursFollowTheRules() {
        let terminal = Terminal(isTerminal: true, width: 80)
        #expect(ColorMode.auto.isOn(for: terminal, environment: [:]))
        #expect(!ColorMode.auto.isOn(for: terminal, environment: ["NO_COLOR": "1"]))
        #expect(ColorMode.auto.isOn(for: terminal, environment: ["NO_COLOR": ""]))
        #expect(!ColorMode.auto.isOn(for: terminal, environment: ["TERM": "dumb"]))
        #expect(!ColorMode.auto.isOn(for: .none, environment: [:]))
        #expect(ColorMode.always.isOn(for: .none, environment: ["NO_COLOR": "1"]))
        #expect(!ColorMode.never.isOn(for: terminal, environment: [:]))
    }

    @Test func failuresNameTheNextStep() {
        let output = collected.environment().talkOutput
        output.say(CommandFailure(.failure, "it broke", nextStep: "mend it"))
        output.say(CommandFailure(.failure, "no advice"))
        output.say("hint", style: .yellow)
        #expect(collected.talk == "flashctl: it broke\n  next step: mend it\nflashctl: no advice\nhint\n")
        #expect(collected.data.isEmpty)
    }

    @Test func talkIsColouredOnATerminalOnly() {
        let terminal = Terminal(isTerminal: true, width: 80)
        collected.environment(talkTerminal: terminal).talkOutput.say("warm", style: .red)
        #expect(collected.talk == "\u{1B}[31mwarm\u{1B}[0m\n")
    }
}
