import Testing

@testable import flashctl

/// The stock as a bar.
struct StockBarTests {
    private func bar(_ sold: Int, _ held: Int, _ free: Int, unicode: Bool = false) -> StockBar {
        StockBar(sold: sold, held: held, free: free, unicode: unicode)
    }

    private func line(_ bar: StockBar, width: Int?) -> String {
        String(bar.text(width: width, color: false).split(separator: "\n")[0])
    }

    @Test(arguments: [
        (0, 0, 0, [0, 0, 0]),
        (0, 0, 1, [0, 0, 10]),
        (1, 0, 0, [10, 0, 0]),
        (5, 3, 2, [5, 3, 2]),
        (1, 1, 1, [4, 3, 3]),
        // A single unit is seen among ten million.
        (1, 0, 9_999_999, [1, 0, 9]),
        (9_999_998, 1, 1, [8, 1, 1]),
        (10_000_000, 0, 0, [10, 0, 0]),
        (Int.max / 4, Int.max / 4, 0, [5, 5, 0]),
        // A damaged sale may count below zero.
        (-5, 5, 5, [0, 5, 5]),
    ])
    func columnsFillTheBar(sold: Int, held: Int, free: Int, columns: [Int]) {
        let found = bar(sold, held, free).columns(width: 10)
        #expect(found.reduce(0, +) == columns.reduce(0, +))
        #expect(found.sorted() == columns.sorted())
        #expect(zip(found, columns).allSatisfy { abs($0 - $1) <= 1 })
    }

    @Test func everyWidthIsFilledExactly() {
        for width in 3...200 {
            for (sold, held, free) in [(1, 1, 1), (9999, 1, 0), (333, 333, 334), (1, 9_999_998, 1), (0, 7, 3)] {
                #expect(bar(sold, held, free).columns(width: width).reduce(0, +) == width)
            }
        }
    }

    @Test func plainAndBlockCharacters() {
        #expect(line(bar(5, 3, 2), width: 12) == "[#####+++..]")
        #expect(line(bar(5, 3, 2, unicode: true), width: 12) == "[█████▒▒▒░░]")
        #expect(line(bar(0, 0, 0), width: 12) == "[          ]")
        #expect(bar(5, 3, 2).text(width: nil, color: false).allSatisfy { $0.isASCII })
    }

    @Test(arguments: [20, 40, 60, 80, 120])
    func nothingIsWiderThanTheTerminal(width: Int) {
        for bar in [bar(5_000_000, 3_000_000, 2_000_000), bar(0, 0, 1, unicode: true)] {
            for line in bar.text(width: width, color: false).split(separator: "\n") {
                #expect(DisplayWidth.of(String(line)) <= width, "\(line)")
            }
        }
    }

    @Test func theLegendLosesItsSharesFirst() {
        let bar = bar(4812, 391, 4797)
        let wide = "# 4,812 sold (48.1 %)  + 391 held (3.9 %)  . 4,797 free (48.0 %)\n"
        #expect(bar.text(width: 80, color: false).hasSuffix(wide))
        #expect(bar.text(width: nil, color: false).hasSuffix(wide))
        #expect(bar.text(width: 60, color: false).hasSuffix("]\n# 4,812 sold  + 391 held  . 4,797 free\n"))
        #expect(bar.text(width: 20, color: false).hasSuffix("…\n"))
    }

    @Test func coloursOnlyWhenAsked() {
        let text = bar(1, 1, 1).text(width: 20, color: true)
        #expect(text.contains("\u{1B}[32m######\u{1B}[0m"))
        #expect(!bar(1, 1, 1).text(width: 20, color: false).contains("\u{1B}"))
    }
}
