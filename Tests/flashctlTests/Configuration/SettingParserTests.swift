import Testing

@testable import FlashSaleKit

@Suite struct SettingParserTests {
    @Test func numbersHaveARange() {
        let parser = SettingParser.integer(1...3)
        #expect(
            ["1", "3", "0", "4", "", "2.0", "two", " 2"].map(parser.parse) == [1, 3, nil, nil, nil, nil, nil, nil]
        )
        #expect(parser.wanted == "a whole number from 1 to 3")
    }

    @Test func truthHasSeveralNames() {
        let parser = SettingParser.boolean
        #expect(["true", "Yes", "ON", "1"].allSatisfy { parser.parse($0) == true })
        #expect(["false", "No", "OFF", "0"].allSatisfy { parser.parse($0) == false })
        #expect(["", "maybe", "2"].allSatisfy { parser.parse($0) == nil })
    }

    @Test func levelsAreThoseOfTheLog() {
        let parser = SettingParser.logLevel
        #expect(parser.parse("DEBUG") == .debug)
        #expect(parser.parse("warn") == .warning)
        #expect(parser.parse("fatal") == nil)
    }

    @Test func holdsLastFromASecondToADay() {
        let parser = SettingParser.hold
        #expect(parser.parse("1s") == 1000)
        #expect(parser.parse("24h") == 86_400_000)
        #expect(parser.parse("1d") == 86_400_000)
        #expect(parser.parse("999ms") == nil)
        #expect(parser.parse("24h1ms") == nil)
    }

    @Test func timesOfConnectionsAreShownInSeconds() {
        let idle = SettingParser.idleTime
        #expect(
            ["75s", "1m15s", "24h", "999ms", "25h", "75"].map(idle.parse) == [
                75_000, 75_000, 86_400_000, nil, nil, nil,
            ]
        )
        #expect([75_000, 3_610_000, 1500].map(idle.text) == ["75s", "3610s", "1s500ms"])
        let delay = SettingParser.shutdownDelay
        #expect(["0s", "5m", "5m1s", "-1s"].map(delay.parse) == [0, 300_000, nil, nil])
        #expect(delay.text(0) == "0s")
    }

    @Test func sizesHaveARange() {
        let parser = SettingParser.size(1...64)
        #expect(["1kB", "64kB", "1023", "65kB", "8192", "x"].map(parser.parse) == [1024, 65_536, nil, nil, 8192, nil])
        #expect(parser.text(8192) == "8kB")
        #expect(parser.wanted == "an amount of memory from 1kB to 64kB, e.g. 16kB")
    }

    @Test func textsAreNotEmpty() {
        #expect(SettingParser.text.parse("") == nil)
        #expect(SettingParser.text.parse("a") == "a")
    }
}
