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

    @Test func textsAreNotEmpty() {
        #expect(SettingParser.text.parse("") == nil)
        #expect(SettingParser.text.parse("a") == "a")
    }
}
