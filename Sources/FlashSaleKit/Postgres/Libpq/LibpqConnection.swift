import CLibpq
import Glibc

/// Owns one PGconn in non-blocking mode. Belongs to one thread; only `LibpqCancel` leaves it.
final class LibpqConnection {
    private let pointer: OpaquePointer

    /// Starts to connect. Nil when there is no memory.
    /// - Parameter parameters: keywords of libpq and their values.
    init?(parameters: [(keyword: String, value: String)]) {
        let keywords = parameters.map { strdup($0.keyword) }
        let values = parameters.map { strdup($0.value) }
        defer { (keywords + values).forEach { free($0) } }
        let started = (keywords.map { UnsafePointer<CChar>($0) } + [nil]).withUnsafeBufferPointer { keywords in
            (values.map { UnsafePointer<CChar>($0) } + [nil]).withUnsafeBufferPointer { values in
                PQconnectStartParams(keywords.baseAddress, values.baseAddress, 0)
            }
        }
        guard let started else { return nil }
        pointer = started
        // Otherwise notices of the server go to stderr, with row data in them.
        PQsetNoticeReceiver(pointer, { _, _ in }, nil)
        // The only way to learn the SQLSTATE of a refused login: libpq keeps no result of it, only this text.
        PQsetErrorVerbosity(pointer, PQERRORS_VERBOSE)
    }

    deinit {
        PQfinish(pointer)
    }

    /// What the connection attempt waits for.
    enum ConnectStep {
        case reading
        case writing
        case connected
        case failed
    }

    func connectStep() -> ConnectStep {
        switch PQconnectPoll(pointer) {
        case PGRES_POLLING_READING: .reading
        case PGRES_POLLING_WRITING: .writing
        case PGRES_POLLING_OK: settle() ? .connected : .failed
        default: .failed
        }
    }

    private func settle() -> Bool {
        PQsetErrorVerbosity(pointer, PQERRORS_DEFAULT)
        return PQsetnonblocking(pointer, 1) == 0
    }

    var isBad: Bool { PQstatus(pointer) == CONNECTION_BAD }
    var descriptor: Int32 { PQsocket(pointer) }
    var needsPassword: Bool { PQconnectionNeedsPassword(pointer) == 1 }
    var errorMessage: String { String(cString: PQerrorMessage(pointer)) }
    var backendPID: Int32 { PQbackendPID(pointer) }

    /// State of the transaction block.
    enum TransactionState {
        case idle
        case open
        case failed
        case unknown
    }

    var transactionState: TransactionState {
        switch PQtransactionStatus(pointer) {
        case PQTRANS_IDLE: .idle
        case PQTRANS_INTRANS: .open
        case PQTRANS_INERROR: .failed
        default: .unknown
        }
    }

    /// Simple protocol: several statements, no binds.
    func send(script: String) -> Bool {
        PQsendQuery(pointer, script) == 1
    }

    /// Extended protocol: one statement with binds. The values are copied before it returns.
    func send(text: String, binds: [PostgresBind]) -> Bool {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(binds.reduce(0) { $0 + ($1.bytes?.count ?? 0) } + 1)
        let offsets = binds.map { bind in
            defer { bytes.append(contentsOf: bind.bytes ?? []) }
            return bytes.count
        }
        // A bind of no bytes at the very end still needs an address: nil would be NULL.
        bytes.append(0)
        return bytes.withUnsafeBytes { buffer in
            let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            let values = zip(binds, offsets).map { bind, offset -> UnsafePointer<CChar>? in
                bind.bytes == nil ? nil : base.map { $0 + offset }
            }
            let types = binds.map { Oid($0.oid) }
            let lengths = binds.map { Int32($0.bytes?.count ?? 0) }
            let formats = binds.map { Int32($0.binary ? 1 : 0) }
            return PQsendQueryParams(pointer, text, Int32(binds.count), types, values, lengths, formats, 0) == 1
        }
    }

    func enterPipeline() -> Bool { PQenterPipelineMode(pointer) == 1 }
    func exitPipeline() -> Bool { PQexitPipelineMode(pointer) == 1 }
    func sendSync() -> Bool { PQpipelineSync(pointer) == 1 }

    /// Nil when the connection is broken; true when everything is with the kernel.
    func flush() -> Bool? {
        switch PQflush(pointer) {
        case 0: true
        case 1: false
        default: nil
        }
    }

    func consumeInput() -> Bool { PQconsumeInput(pointer) == 1 }
    var isBusy: Bool { PQisBusy(pointer) == 1 }

    /// Call only when not busy, or it blocks.
    func nextResult() -> LibpqResult? {
        PQgetResult(pointer).map { LibpqResult(owning: $0) }
    }

    /// False when the COPY is over or the connection broken; the next result says why.
    func putCopy(_ bytes: UnsafeRawBufferPointer) -> Bool {
        PQputCopyData(pointer, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count)) == 1
    }

    /// Ends the rows.
    func endCopy() -> Bool {
        PQputCopyEnd(pointer, nil) == 1
    }

    /// Payload of each notification received so far.
    func notifications() -> [String] {
        var payloads: [String] = []
        while let notification = PQnotifies(pointer) {
            payloads.append(String(cString: notification.pointee.extra))
            PQfreemem(notification)
        }
        return payloads
    }

    /// What another thread needs to cancel the running statement.
    func cancelHandle() -> LibpqCancel? {
        PQgetCancel(pointer).map { LibpqCancel(owning: $0) }
    }

    /// Nothing can be sent or received any more; neither waits for the server.
    func shutDownSocket() {
        let descriptor = PQsocket(pointer)
        if descriptor >= 0 { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
    }
}

/// Owns one PGcancel.
// Sendable: PGcancel is a copy of the server's address and key, made for use by another thread; it is never changed,
// and PQcancel is documented as thread-safe.
final class LibpqCancel: @unchecked Sendable {
    private let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        PQfreeCancel(pointer)
    }

    /// Opens a connection of its own and waits for the server: as long as the server is stopped, it blocks.
    func cancelBlocking() {
        var message = [CChar](repeating: 0, count: 256)
        // Whether the request arrived shows in the statement's own answer; there is nobody to tell here.
        _ = PQcancel(pointer, &message, Int32(message.count))
    }
}
