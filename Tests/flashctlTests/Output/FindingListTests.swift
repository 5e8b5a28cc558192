import Testing

@testable import flashctl

/// Findings below each other.
struct FindingListTests {
    private let list = FindingList(
        findings: [
            .init(level: "ok", style: .plain, name: "role", sentence: "Redis is a master of its own.", fix: nil),
            .init(
                level: "critical",
                style: .red,
                name: "policy",
                sentence: "Redis may evict keys\n of a sale.",
                fix: "Run CONFIG SET maxmemory-policy noeviction."
            ),
        ],
        levelWidth: 8
    )

    @Test func wideLinesStayWhole() {
        #expect(
            list.text(width: nil, color: false) == """
                ok        role: Redis is a master of its own.
                critical  policy: Redis may evict keys\\u{a} of a sale.
                          fix: Run CONFIG SET maxmemory-policy noeviction.

                """
        )
    }

    @Test func narrowOnesAreWrapped() {
        #expect(
            list.text(width: 34, color: false) == """
                ok        role: Redis is a master
                          of its own.
                critical  policy: Redis may evict
                          keys\\u{a} of a sale.
                          fix: Run CONFIG SET
                          maxmemory-policy
                          noeviction.

                """
        )
    }

    @Test func theLevelIsColoured() {
        #expect(list.text(width: 80, color: true).contains("\u{1B}[31mcritical\u{1B}[0m  policy"))
    }

    @Test func wordsAreWrappedAtSpaces() {
        #expect(DisplayWidth.wrapped("a bb ccc", to: 4) == ["a bb", "ccc"])
        #expect(DisplayWidth.wrapped("abcdefgh i", to: 4) == ["abcdefgh", "i"])
        #expect(DisplayWidth.wrapped("", to: 4) == [""])
        #expect(DisplayWidth.wrapped("a b", to: nil) == ["a b"])
        #expect(DisplayWidth.wrapped("日本 日本", to: 5) == ["日本", "日本"])
        let text = "one\n  two three four five six seven\nend"
        #expect(DisplayWidth.filled(text, to: 25) == "one\n  two three four five\n    six seven\nend")
        #expect(DisplayWidth.filled(text, to: nil) == text)
    }
}
