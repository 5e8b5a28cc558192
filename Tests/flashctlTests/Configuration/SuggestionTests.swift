import Testing

@testable import FlashSaleKit

@Suite struct SuggestionTests {
    @Test(arguments: [
        ("", "", 0), ("a", "", 1), ("", "abc", 3), ("port", "port", 0), ("prot", "port", 2), ("kitten", "sitting", 3),
    ])
    func distancesCountEdits(first: String, second: String, distance: Int) {
        #expect(Suggestion.distance(from: first, to: second) == distance)
        #expect(Suggestion.distance(from: second, to: first) == distance)
    }

    @Test func onlyNearNamesAreSuggested() {
        let names = ["port", "host", "hourly.stock"]
        #expect(Suggestion.nearest(to: "PORT", among: names) == "port")
        #expect(Suggestion.nearest(to: "hourly-stok", among: names) == "hourly.stock")
        #expect(Suggestion.nearest(to: "something", among: names) == nil)
        // Equally near: the first in the alphabet, so that the answer never changes.
        #expect(Suggestion.nearest(to: "ab", among: ["ac", "aa"]) == "aa")
        #expect(Suggestion.nearest(to: "x", among: []) == nil)
    }
}
