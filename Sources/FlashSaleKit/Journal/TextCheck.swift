/// What a text column of a database in UTF-8 takes: valid UTF-8 without NUL bytes.
enum TextCheck {
    /// Whether these bytes are such a text and not empty.
    static func isStorable(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var all: UInt8 = 0
        for byte in bytes {
            if byte == 0 { return false }
            all |= byte
        }
        if all < 0x80 { return !bytes.isEmpty }
        return String(validating: bytes, as: UTF8.self) != nil
    }
}
