import Glibc

/// The file of traces. Whatever is there stays; several servers may share one, since a line is one write.
struct TraceFile: ~Copyable {
    private let descriptor: Int32
    /// Whether the last line was cut off, as by a full disk.
    private var isTorn = false

    /// Opens the file, or creates it.
    ///
    /// - Throws: ``ServerError`` when that is not possible.
    init(path: String) throws {
        descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else {
            throw ServerError(
                .cannotTrace,
                "the file of traces \(path) cannot be opened: \(String(cString: strerror(errno)))",
                nextStep: "choose another one with --trace-file, or none"
            )
        }
    }

    /// Appends a line; false when it could not be written as a whole.
    mutating func append(_ line: [UInt8]) -> Bool {
        let bytes = isTorn ? [UInt8(ascii: "\n")] + line : line
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            written += count
        }
        if written > 0 { isTorn = written < bytes.count }
        return written == bytes.count
    }

    deinit {
        if descriptor >= 0 { Glibc.close(descriptor) }
    }
}
