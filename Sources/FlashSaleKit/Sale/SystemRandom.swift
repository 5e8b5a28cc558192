import Glibc

/// The random bytes of the operating system.
public enum SystemRandom {
    /// Largest request that `getentropy(3)` takes, in bytes.
    static let blockSize = 256

    /// Fills the buffer from `getentropy(3)`; waits only while the system has not gathered entropy after its start.
    public static func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        guard let start = buffer.baseAddress else { return }
        var filled = 0
        while filled < buffer.count {
            let count = min(buffer.count - filled, blockSize)
            let result = getentropy(start + filled, count)
            // It fails only for a bad address or on a kernel without getrandom: then no code may be issued at all.
            precondition(result == 0, "getentropy(3) failed with errno \(errno)")
            filled += count
        }
    }
}
