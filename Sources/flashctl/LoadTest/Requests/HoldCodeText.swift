/// Finds the code that a buyer gets, the value of `"code"` in the body of a 201.
enum HoldCodeText {
    private static let name = Array("\"code\"".utf8)
    /// Longer values are no code.
    private static let longest = 64

    /// The code; nil when there is none that can stand in a URL as it is.
    static func find(in body: [UInt8]) -> [UInt8]? {
        let code = body[JSONMember.text(name, longest: longest, in: body)]
        let isPlain = code.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || byte == UInt8(ascii: "-")
        }
        return isPlain && !code.isEmpty ? Array(code) : nil
    }
}
