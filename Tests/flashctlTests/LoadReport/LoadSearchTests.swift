import Foundation
import TestSupport
import Testing

@testable import flashctl

/// What the search for the highest rate found.
@Suite struct LoadSearchTests {
    private func search(_ steps: [LoadSearch.Step]) throws -> LoadSearch {
        LoadSearch(condition: try LoadThreshold(parsing: "checkout.p99<20ms", option: "--find-max"), steps: steps)
    }

    private let steps: [LoadSearch.Step] = [
        .init(rate: 2000, achieved: 2000, value: 2.1e6, holds: true),
        .init(rate: 16_000, achieved: 13_100.4, value: 812e6, holds: false),
        .init(rate: 8000, achieved: 7998, value: 4.9e6, holds: true),
        .init(rate: 12_000, achieved: 11_870, value: nil, holds: false),
    ]

    @Test func theBestIsTheHighestThatHolds() throws {
        #expect(try search(steps).best == 8000)
        #expect(try search(steps).title == "checkout.p99<20ms up to 8,000/s")
        #expect(try search([steps[1]]).best == nil)
        #expect(try search([]).title == "no rate was found at which checkout.p99<20ms")
    }

    @Test func theTableIsInTheOrderOfRates() throws {
        #expect(
            try search(steps).table.text(width: nil, color: false) == """
                asked for  achieved  checkout.p99  result
                ---------  --------  ------------  -------------
                  2,000/s   2,000/s       2.10 ms  holds
                  8,000/s   7,998/s       4.90 ms  holds
                 12,000/s  11,870/s             -  does not hold
                 16,000/s  13,100/s      812.0 ms  does not hold

                """
        )
    }

    @Test func programsGetTheSteps() throws {
        var record = SampleLoad.record([SampleLoad.second(0)])
        record.search = try search(steps)
        let text = JSONText.line(record.data)
        #expect(try json(text, "search", "best_rate") as? Double == 8000)
        #expect(try json(text, "search", "condition") as? String == "checkout.p99<20ms")
        let rows = try #require(try json(text, "search", "steps") as? [[String: Any]])
        #expect(rows.count == 4 && rows[0]["value"] as? Int == 2_100_000 && rows[3]["value"] is NSNull)
    }

    @Test(arguments: ["checkout.p99<20ms", "errors.share<1%", "held.rate>100/s"])
    func theKneeIsDrawnForEveryMetric(condition: String) throws {
        let search = LoadSearch(
            condition: try LoadThreshold(parsing: condition, option: "--find-max"),
            steps: [
                .init(rate: 100, achieved: 100, value: 0, holds: true),
                .init(rate: 200, achieved: 180, value: 5, holds: false),
            ]
        )
        let html = KneeChart(search: search).chart.html
        #expect(html.contains("id=\"knee\"") && html.contains("class=\"limit\""))
        // Each step is a dot in both drawings, and a row.
        #expect(html.components(separatedBy: "<circle").count - 1 == 4)
        #expect(html.components(separatedBy: "class=\"fails\"").count - 1 == 2)
        #expect(html.contains("does not hold") && !html.contains("nan"))
        let empty = KneeChart(search: LoadSearch(condition: search.condition)).chart.html
        #expect(empty.contains("no rate was found") && !empty.contains("<circle"))
    }
}
