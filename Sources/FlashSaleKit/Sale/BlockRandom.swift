/// Random words of the operating system, drawn in blocks: one system call for many words.
///
/// Lives on one event loop.
public struct BlockRandom {
    private var words: [UInt64] = []

    /// A source with an empty block.
    public init() {}

    /// 64 random bits.
    public mutating func next() -> UInt64 {
        if let word = words.popLast() { return word }
        words = [UInt64](unsafeUninitializedCapacity: SystemRandom.blockSize / 8) { buffer, count in
            SystemRandom.fill(UnsafeMutableRawBufferPointer(buffer))
            count = buffer.count
        }
        return words.removeLast()
    }
}
