/// Rows in the binary format of COPY. Appending a field allocates nothing; the buffer grows by doubling. It may be
/// emptied and filled again.
public struct CopyBuffer: Sendable {
    /// Signature, flags and length of the header extension.
    static let header: [UInt8] =
        [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00] + [UInt8](repeating: 0, count: 8)
    /// The field count −1 ends the rows.
    static let trailer: [UInt8] = [0xFF, 0xFF]

    private var storage: ContiguousArray<UInt8>
    private var used: Int
    private var missingColumns = 0
    /// Rows begun so far.
    public private(set) var rowCount = 0

    /// Bytes so far, header included.
    public var byteCount: Int { used }

    /// True without rows.
    public var isEmpty: Bool { rowCount == 0 }

    /// - Parameter capacity: bytes to reserve.
    public init(capacity: Int = 64 * 1024) {
        let size = max(capacity, CopyBuffer.header.count)
        storage = ContiguousArray(repeating: 0, count: size)
        used = 0
        append(CopyBuffer.header)
    }

    /// Forgets the rows and keeps the memory.
    public mutating func removeAll() {
        used = CopyBuffer.header.count
        rowCount = 0
        missingColumns = 0
    }

    /// Starts a row of so many columns; the row before it must be complete.
    @inline(__always)
    public mutating func beginRow(columns: Int) {
        // A row of the wrong width would be read as garbage, or refused like bad data and blamed on a buyer.
        precondition(missingColumns == 0, "\(missingColumns) columns of the row before are missing")
        put(Int16(columns))
        missingColumns = columns
        rowCount += 1
    }

    /// NULL.
    @inline(__always)
    public mutating func appendNull() {
        put(Int32(-1))
        missingColumns -= 1
    }

    /// int8
    @inline(__always)
    public mutating func appendInt64(_ value: Int64) { field(value) }

    /// int4
    @inline(__always)
    public mutating func appendInt32(_ value: Int32) { field(value) }

    /// int2
    @inline(__always)
    public mutating func appendInt16(_ value: Int16) { field(value) }

    /// "char": one byte.
    @inline(__always)
    public mutating func appendChar(_ value: UInt8) { field(value) }

    /// boolean
    @inline(__always)
    public mutating func appendBool(_ value: Bool) { field(UInt8(value ? 1 : 0)) }

    /// timestamptz
    @inline(__always)
    public mutating func appendTimestamp(_ value: Timestamp) { field(value.microseconds - Timestamp.postgresOffset) }

    /// bytea of 16 bytes
    @inline(__always)
    public mutating func appendHoldID(_ value: HoldID) {
        put(Int32(16))
        put(value.high)
        put(value.low)
        missingColumns -= 1
    }

    /// text
    public mutating func appendText(_ value: String) {
        var value = value
        value.withUTF8 { appendRaw(UnsafeRawBufferPointer($0)) }
    }

    /// text as UTF-8; the server refuses what is not.
    public mutating func appendText(_ bytes: some Collection<UInt8>) { appendBytes(bytes) }

    /// bytea
    public mutating func appendBytes(_ bytes: some Collection<UInt8>) {
        let whole: Void? = bytes.withContiguousStorageIfAvailable { appendRaw(UnsafeRawBufferPointer($0)) }
        if whole == nil { ContiguousArray(bytes).withUnsafeBytes { appendRaw($0) } }
    }

    /// text or bytea
    public mutating func appendRaw(_ bytes: UnsafeRawBufferPointer) {
        put(Int32(bytes.count))
        append(bytes)
        missingColumns -= 1
    }

    /// The bytes with header and without trailer.
    func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(missingColumns == 0, "\(missingColumns) columns of the last row are missing")
        return try storage.span.withUnsafeBytes { (all) throws(Failure) in
            try body(UnsafeRawBufferPointer(rebasing: all[..<used]))
        }
    }

    @inline(__always)
    private mutating func field<Value: FixedWidthInteger>(_ value: Value) {
        put(Int32(MemoryLayout<Value>.size))
        put(value)
        missingColumns -= 1
    }

    @inline(__always)
    private mutating func put<Value: FixedWidthInteger>(_ value: Value) {
        reserve(MemoryLayout<Value>.size)
        storage.withUnsafeMutableBytes {
            $0.storeBytes(of: value.bigEndian, toByteOffset: used, as: Value.self)
        }
        used += MemoryLayout<Value>.size
    }

    private mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        reserve(bytes.count)
        storage.withUnsafeMutableBytes {
            UnsafeMutableRawBufferPointer(rebasing: $0[used..<(used + bytes.count)]).copyMemory(from: bytes)
        }
        used += bytes.count
    }

    @inline(__always)
    private mutating func reserve(_ count: Int) {
        if used + count > storage.count { grow(by: count) }
    }

    @inline(never)
    private mutating func grow(by count: Int) {
        let size = max(storage.count * 2, used + count)
        let old = storage
        let used = used
        storage = ContiguousArray(unsafeUninitializedCapacity: size) { target, initialized in
            let bytes = UnsafeMutableRawBufferPointer(target)
            old.withUnsafeBytes { bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<used])) }
            UnsafeMutableRawBufferPointer(rebasing: bytes[used...]).initializeMemory(as: UInt8.self, repeating: 0)
            initialized = size
        }
    }
}
