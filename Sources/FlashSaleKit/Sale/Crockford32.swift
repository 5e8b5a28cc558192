/// Base32 as Douglas Crockford defined it (https://www.crockford.com/base32.html): digits and letters without I, L, O
/// and U; read case-insensitively, with I and L as 1 and O as 0.
enum Crockford32 {
    static let alphabet: [UInt8] = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// Value 0…31 of each byte, 255 for bytes that are no digit.
    static let values: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (value, letter) in alphabet.enumerated() {
            table[Int(letter)] = UInt8(value)
            if letter >= UInt8(ascii: "A") { table[Int(letter | 0x20)] = UInt8(value) }
        }
        for (alias, value) in [("I", 1), ("L", 1), ("O", 0)] as [(Character, UInt8)] {
            guard let upper = alias.asciiValue else { continue }
            table[Int(upper)] = value
            table[Int(upper | 0x20)] = value
        }
        return table
    }()

    /// Appends 26 digits for 128 bits; the first digit holds the three highest bits.
    static func append(high: UInt64, low: UInt64, to output: inout [UInt8]) {
        var rest = (high, low)
        var digits = InlineArray<26, UInt8>(repeating: 0)
        for position in stride(from: 25, through: 0, by: -1) {
            digits[position] = alphabet[Int(rest.1 & 31)]
            rest.1 = (rest.1 >> 5) | (rest.0 << 59)
            rest.0 >>= 5
        }
        for position in 0..<26 { output.append(digits[position]) }
    }

    /// The 128 bits of exactly 26 digits, nil for anything else.
    static func decode128(_ digits: some Collection<UInt8>) -> (high: UInt64, low: UInt64)? {
        guard digits.count == 26 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for (position, digit) in digits.enumerated() {
            let value = values[Int(digit)]
            // 26 digits hold 130 bits: the first one carries only three.
            guard value < 32, position > 0 || value < 8 else { return nil }
            high = (high << 5) | (low >> 59)
            low = (low << 5) | UInt64(value)
        }
        return (high, low)
    }

    /// Digits of a positive number without leading zeros.
    static func append(number: Int64, to output: inout [UInt8]) {
        var digits: [UInt8] = []
        var rest = UInt64(bitPattern: number)
        repeat {
            digits.append(alphabet[Int(rest & 31)])
            rest >>= 5
        } while rest > 0
        output.append(contentsOf: digits.reversed())
    }

    /// The number of 1…13 digits that fits into 63 bits, nil for anything else.
    static func decodeNumber(_ digits: some Collection<UInt8>) -> Int64? {
        guard (1...13).contains(digits.count) else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            let value = values[Int(digit)]
            guard value < 32, number >> 58 == 0 else { return nil }
            number = (number << 5) | UInt64(value)
        }
        return Int64(number)
    }
}
