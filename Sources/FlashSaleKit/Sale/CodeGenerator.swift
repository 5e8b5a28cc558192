/// Draws codes from blocks of the system's random generator: one system call for many codes instead of two for each.
///
/// Lives on one event loop; not `Sendable`.
public struct CodeGenerator {
    private static let blockWords = 32
    private var words: [UInt64] = []

    /// A generator with an empty block.
    public init() {}

    /// A new code with 128 random bits.
    public mutating func next(for saleID: SaleID) -> HoldCode {
        if words.count < 2 { refill() }
        let high = words.removeLast()
        let low = words.removeLast()
        return HoldCode(saleID: saleID, high: high, low: low)
    }

    private mutating func refill() {
        words = [UInt64](unsafeUninitializedCapacity: CodeGenerator.blockWords) { buffer, count in
            SystemRandom.fill(UnsafeMutableRawBufferPointer(buffer))
            count = buffer.count
        }
    }
}
