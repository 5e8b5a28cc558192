/// A zlib stream (RFC 1950) whose blocks are stored, not compressed (RFC 1951, section 3.2.4). Every reader takes it,
/// and interval histograms are small by themselves: no library is needed for them.
enum StoredZlib {
    /// The longest stored block.
    static let longestBlock = 65_535

    static func stream(_ bytes: [UInt8]) -> [UInt8] {
        // 32 KiB window, no dictionary; the two bytes are a multiple of 31.
        var output: [UInt8] = [0x78, 0x01]
        output.reserveCapacity(bytes.count + 16 + 5 * (bytes.count / longestBlock))
        var rest = bytes[...]
        repeat {
            let block = rest.prefix(longestBlock)
            rest = rest.dropFirst(block.count)
            output.append(rest.isEmpty ? 1 : 0)
            let count = UInt16(block.count)
            for number in [count, ~count] { output += [UInt8(truncatingIfNeeded: number), UInt8(number >> 8)] }
            output += block
        } while !rest.isEmpty
        let sum = adler32(bytes)
        output += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: sum >> $0) }
        return output
    }

    /// Checksum of RFC 1950, section 8.
    static func adler32(_ bytes: [UInt8]) -> UInt32 {
        let prime: UInt32 = 65_521
        var low: UInt32 = 1
        var high: UInt32 = 0
        for byte in bytes {
            low = (low + UInt32(byte)) % prime
            high = (high + low) % prime
        }
        return high << 16 | low
    }
}
