import Testing

@testable import FlashSaleKit

/// Who is who, and how it is shown.
@Suite struct UserIDTests {
    /// Each group is one text for `String`.
    private static let groups: [[UserID]] = [
        ["jos\u{E9}", "jose\u{301}"], ["\u{C5}", "A\u{30A}", "\u{212B}"], ["\u{D55C}", "\u{1112}\u{1161}\u{11AB}"],
    ]

    @Test func usersAreTheirBytes() {
        for group in UserIDTests.groups {
            #expect(Set(group.map(\.text)).count == 1, "String calls them equal")
            #expect(Set(group).count == group.count)
            #expect(Set(group.map(\.description)).count == group.count, "each is shown otherwise")
            var units: [UserID: Int] = [:]
            for user in group { units[user, default: 0] += 1 }
            #expect(units.values.allSatisfy { $0 == 1 })
        }
        let names: [UserID] = ["b", "B", "a\u{200D}", "\u{C5}", "\u{10000}", "\u{FFFD}", "a", "ab", ""]
        let bytes = names.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
        #expect(names.sorted().map { Array($0.utf8) } == bytes)
    }

    @Test func onlyTheRuleOpensTheDoor() {
        func typed(_ text: String) -> UserID? { UserID(text) }
        #expect(typed("ann")?.text == "ann")
        #expect(typed("") == nil && typed("a\tb") == nil)
        #expect(UserID([UInt8](repeating: 97, count: 255))?.utf8.count == 255)
        #expect(UserID([UInt8](repeating: 97, count: 256)) == nil)
        #expect(UserID(recorded: [0xFF] as [UInt8]) == nil, "bytes that are no text are no user")
        #expect(UserID(recorded: [] as [UInt8])?.isEmpty == true)
        let long = UserID.fault(of: [UInt8](repeating: 97, count: 300), name: "user_id")
        #expect(long == "user_id is 1 to 255 bytes of UTF-8 without control characters, not 300 bytes.")
        #expect(
            UserID.fault(of: [0], name: "user_id") == "user_id is 1 to 255 bytes of UTF-8 without control characters."
        )
    }

    @Test(
        "What is invisible is written out",
        arguments: [
            ("anna", "anna"), ("J\u{FC}rgen", "J\u{FC}rgen"), ("jose\u{301}", "jose\\u{301}"),
            ("\u{301}a", "\\u{301}a"),
            ("a\u{200D}b", "a\\u{200d}b"), ("a\u{202E}b", "a\\u{202e}b"),
            ("a\u{2066}b\u{2069}", "a\\u{2066}b\\u{2069}"),
            ("a\u{A0}b", "a\\u{a0}b"), ("a\u{3000}b", "a\\u{3000}b"), ("a b", "a b"), ("\u{FEFF}a", "\\u{feff}a"),
            ("a\u{AD}b", "a\\u{ad}b"), ("\u{212B}", "\\u{212b}"), ("\u{1112}\u{1161}", "\u{1112}\\u{1161}"),
            ("\u{3164}", "\\u{3164}"), ("a\u{FE0F}", "a\\u{fe0f}"), ("\u{E0041}", "\\u{e0041}"),
            ("a\u{1B}[2J", "a\\u{1b}[2J"),
            ("a\nb", "a\\u{a}b"), ("\u{E000}", "\\u{e000}"), ("\u{939}\u{93F}", "\u{939}\u{93F}"),
            ("x\\y", "x\\y"), ("jose\\u{301}", "jose\\u{5c}u{301}"), ("\u{2028}", "\\u{2028}"), ("日本語", "日本語"),
        ]
    )
    func shown(_ text: String, _ wanted: String) {
        let shown = VisibleText.escaped(text)
        #expect(Array(shown.utf8) == Array(wanted.utf8), "\(shown)")
        #expect(Array(UserID(recorded: text).description.utf8) == Array(wanted.utf8))
        #expect(Array(VisibleText.shown(shown).utf8) == Array(wanted.utf8), "a sentence is shown as it is")
    }

    @Test func namesThatAreEasilyTakenForAnother() {
        func near(_ user: UserID, _ other: UserID) -> Bool { NearUsers.candidates(user).contains(other) }
        #expect(near("anna", "Anna") && near("Anna", "anna") && near("ANNA", "anna") && near("anna", "aNnA"))
        #expect(near("ann+vip@example.com", "ann vip@example.com") && near("ann vip", "ann+vip"))
        #expect(near("jos\u{E9}", "jose\u{301}") && near("jose\u{301}", "jos\u{E9}"))
        #expect(near("\u{FF21}nn", "Ann"), "compatible form")
        #expect(near("alexander.johnson", "alexander.Johnson"))
        #expect(!near("anna", "anna") && !near("anna", "anne"))
        #expect(NearUsers.candidates(UserID(recorded: String(repeating: "ab", count: 127))).count <= NearUsers.most)
        #expect(NearUsers.clause([]) == "")
        #expect(NearUsers.clause(["A", "b\u{200D}"]) == "; on record are 'A', 'b\\u{200d}'")
        #expect(NearUsers.clause(["A"]) == "; on record is 'A'")
    }
}
