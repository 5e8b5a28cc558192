/// Finds the value of `"error"` in the body of a refusal.
enum ErrorCodeText {
    private static let name = Array("\"error\"".utf8)
    /// Longer values are no code.
    private static let longest = 64

    /// Where the code stands in the body; an empty range when there is none.
    static func find(in body: [UInt8]) -> Range<Int> {
        JSONMember.text(name, longest: longest, in: body)
    }
}
