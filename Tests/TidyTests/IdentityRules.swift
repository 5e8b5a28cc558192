/// A user is bytes. `String` compares by canonical equivalence, so no `String` may stand for one: `UserID` does.
enum IdentityRules {
    /// Why the rule is there; said with each offence.
    static let reason = "a user is a UserID: two users whom String calls equal are one here and two in both stores"

    /// Where texts that are called like users are none.
    private static let exempt = [
        // Names of keys in Redis, as `fs:{1}:users`.
        "Sources/FlashSaleKit/Redis/SaleKeys.swift"
    ]

    /// Regexes are not marked as sendable, but these are never changed.
    ///
    /// A name that ends in `user`, `users`, `userID`, `userIDs`, `banned`, `bans` or `bought`, declared as a `String`,
    /// an optional one, a list or a set of them, a closure that gives one, or a dictionary or tuple that begins with
    /// one: `user: String?`, `busyUsers: Set<String>`, `unitsOfUser: [String: Int]`, `bans: [(user: String, …)]`,
    /// `user: () -> String`. Names of which these words are only a part, as `username` or `userLimit`, are not meant.
    nonisolated(unsafe) private static let declaration =
        #/
            \b (?: users? | userIDs? | banned | bans | bought | [a-z]\w*(?:Users?|UserIDs?) ) \?? \s* : \s*
            (?: @\w+ \s+ )* (?: inout \s+ )? (?: \(\) \s* -> \s* )? (?: Set< | \[ | \( | \[\( )* String\b
        /#
        .wordBoundaryKind(.simple)

    /// A dictionary from text whose name says that a user is the key: `[String: Int]` behind `byUser`, `ofUser` or
    /// `perUser`.
    nonisolated(unsafe) private static let keyed =
        #/\b\w*(?:[bB]y|[oO]f|[pP]er)User\w*\b[^,]*\[String\s*:/#.wordBoundaryKind(.simple)

    /// Bytes of a user that are made a text past the type: `String(decoding: attempt.user, …)`.
    nonisolated(unsafe) private static let decoded =
        #/\bString\(\s*decoding:\s*[\w.$]*\b(?:user|userID)\s*,/#.wordBoundaryKind(.simple)

    /// A column of a user that is read as text: `row["user_id"].text`. The name of a column is inside of a literal.
    nonisolated(unsafe) private static let column = #/\["(?:user_id|end_user|holder|asker)"\](?:\.optional\?)?\.text\b/#
        .wordBoundaryKind(.simple)

    static func textualUsers(_ file: SourceFile) -> [Offence] {
        guard file.isSource, file.isSwift, !exempt.contains(file.path), file.name != "UserID.swift" else { return [] }
        return file.code.indices.compactMap { index in
            // Through the door.
            let code = file.code[index].replacing("UserID(recorded: String(decoding:", with: "UserID(")
            let isOffence =
                code.contains(declaration) || code.contains(keyed) || code.contains(decoded)
                || file.lines[index].contains(column)
            return isOffence ? file.offence(index, reason) : nil
        }
    }
}
