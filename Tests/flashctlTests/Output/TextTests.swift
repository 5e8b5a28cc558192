import FlashSaleKit
import Testing

@testable import flashctl

@Suite struct TextTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T00:00:00Z", 951_782_400_000_000),
            ("2025-11-22T10:00:00Z", 1_763_805_600_000_000),
            ("2025-11-22T10:00:00.000001Z", 1_763_805_600_000_001),
            ("1969-12-31T23:59:59Z", -1_000_000),
            ("2100-02-28T23:59:59.999Z", 4_107_542_399_999_000),
            ("2025-11-22T11:00:00+01:00", 1_763_805_600_000_000),
            ("2025-11-22T04:30-05:30", 1_763_805_600_000_000),
            ("2025-11-22 10:00z", 1_763_805_600_000_000),
            ("2025-11-22T10:00:00.5Z", 1_763_805_600_500_000),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
        ] as [(String, Int64)]
    )
    func timesAreRead(text: String, microseconds: Int64) {
        #expect(TimeText.parse(text) == Timestamp(microseconds: microseconds))
    }

    @Test func daysOfEightCenturiesAreRead() throws {
        for day in stride(from: Int64(-146_097), to: 146_097, by: 97) {
            let time = Timestamp(seconds: day * 86_400)
            #expect(TimeText.parse(time.rfc3339) == time)
        }
    }

    @Test(arguments: [
        "", "now", "2025-11-22", "2025-11-22T10:00:00", "2025-02-30T10:00:00Z", "2025-13-01T10:00:00Z",
        "2025-11-22T24:00:00Z", "2025-11-22T10:60:00Z", "2025-11-22T10:00:00+25:00", "25-11-22T10:00:00Z",
        "2025-00-10T10:00:00Z", "2025-01-00T10:00:00Z",
    ])
    func otherTextsAreNoTimes(text: String) {
        #expect(TimeText.parse(text) == nil)
    }

    @Test func numbersAreGrouped() {
        #expect(NumberText.grouped(0) == "0")
        #expect(NumberText.grouped(999) == "999")
        #expect(NumberText.grouped(1000) == "1,000")
        #expect(NumberText.grouped(-1_234_567) == "-1,234,567")
        #expect(NumberText.grouped(UInt64.max) == "18,446,744,073,709,551,615")
    }

    @Test func decimalsAreRounded() {
        #expect(NumberText.decimal(1234.567, digits: 2) == "1,234.57")
        #expect(NumberText.decimal(0.999, digits: 2) == "1.00")
        #expect(NumberText.decimal(0.05, digits: 2) == "0.05")
        #expect(NumberText.decimal(-0.001, digits: 2) == "0.00")
        #expect(NumberText.decimal(-1.5, digits: 1) == "-1.5")
        #expect(NumberText.decimal(12.5, digits: 0) == "13")
        #expect(NumberText.decimal(.nan, digits: 2) == "-")
    }

    @Test(
        arguments: [
            (0, "0 µs"), (850_000, "850 µs"), (999_499, "999 µs"), (1_240_000, "1.24 ms"), (12_400_000, "12.4 ms"),
            (999_600_000, "1.00 s"), (1_250_000_000, "1.25 s"),
        ] as [(UInt64, String)]
    )
    func latenciesUseTheUnitThatReadsBest(nanoseconds: UInt64, text: String) {
        #expect(NumberText.latency(nanoseconds: nanoseconds) == text)
    }
}
