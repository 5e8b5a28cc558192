import FlashSaleKit
import Testing

@Suite struct DurationTextTests {
    @Test(arguments: [
        ("5m", 300_000), ("90s", 90_000), ("1h30m", 5_400_000), ("250ms", 250), ("1d", 86_400_000), ("0s", 0),
    ])
    func durationsAreRead(text: String, milliseconds: Int64) {
        #expect(DurationText.milliseconds(text) == milliseconds)
    }

    @Test(arguments: ["", "5", "m", "5 m", "-5m", "5x", "1.5h", "99999999999999999999s", "9223372036854775807d", "٣s"])
    func otherTextsAreNot(text: String) {
        #expect(DurationText.milliseconds(text) == nil)
    }

    @Test(arguments: [(0, "0s"), (250, "250ms"), (5_400_000, "1h30m"), (86_401_001, "1d1s1ms")] as [(Int64, String)])
    func durationsAreWritten(milliseconds: Int64, text: String) {
        #expect(DurationText.text(milliseconds: milliseconds) == text)
        #expect(DurationText.milliseconds(text) == milliseconds)
    }
}
