import Testing

/// The rule that no text stands for a user, shown what it is for and what it must leave alone.
@Suite("Users are no texts")
struct IdentityRuleTests {
    private func offences(_ line: String, path: String = "Sources/FlashSaleKit/A.swift") -> [Offence] {
        IdentityRules.textualUsers(SourceFile(path: path, text: "let x = 1\n" + line))
    }

    @Test(
        "Every way in which a text stood for a user",
        arguments: [
            "var user: String", "let user: String?", "func f(_ user: String) {}", "case ban(user: String)",
            "var userID: String", "var users: [String] = []", "var busyUsers: Set<String> = []",
            "var users: [String: Int64] = [:]", "var unitsOfUser: [String: Int] = [:]",
            "var banned: [String: String] = [:]", "var bans: [(user: String, reason: String)] = []",
            "func outcome(of user: () -> String) -> Outcome {}", "func f(user: @autoclosure () -> String) {}",
            "let slotsByUser = [String: [Int64]]()", "var held: (user: String, item: Int64)",
            "names.append(String(decoding: attempt.user, as: UTF8.self))", "let u = try row[\"user_id\"].text",
            "let u = try row[\"user_id\"].optional?.text", "let u = try row[\"end_user\"].text",
        ]
    )
    func refused(_ line: String) {
        #expect(offences(line).map(\.line) == [2], "\(line)")
        #expect(offences(line, path: "Tests/XTests/A.swift") == [])
    }

    @Test(
        "What is no user",
        arguments: [
            "var user: UserID", "var users: [UserID] = []", "var userLimit: Int", "var username: String?",
            "var userinfo: String", "var bannedUsers: Int", "// var user: String", "let s = \"user: String\"",
            "var notes: [String: String]", "let t = try row[\"reason\"].text", "let u = try row[\"user_id\"].userID",
            "func f(_ user: UserID, _ why: String) {}", "var superuser: Bool",
        ]
    )
    func allowed(_ line: String) { #expect(offences(line) == [], "\(line)") }
}
