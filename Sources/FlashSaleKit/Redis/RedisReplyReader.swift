import CHiredis
import NIOCore

/// The reply parser of hiredis: bytes in, replies out. Replies are built straight as Swift values while hiredis walks
/// through the bytes, so there is no tree of C objects to convert or to free. The pointer lives only here.
final class RedisReplyReader {
    /// Bytes that are not RESP, or more of them than allowed.
    struct Violation: Error, CustomStringConvertible {
        let description: String
    }

    /// An array whose elements have not all arrived.
    private struct Frame {
        var missing: Int
        var elements: [RedisReply]
    }

    /// The announced length of an array is the server's word: room for no more than this is made before they arrive.
    private static let largestReservation = 4096

    private let reader: UnsafeMutablePointer<redisReader>
    private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
    private let maximumReplyBytes: Int
    private var frames: [Frame] = []
    private var finished: RedisReply?
    /// Bytes that belong to the reply that is still arriving.
    private var unfinishedBytes = 0

    init(maximumReplyBytes: Int) {
        self.maximumReplyBytes = maximumReplyBytes
        functions = .allocate(capacity: 1)
        functions.initialize(to: RedisReplyReader.makeFunctions())
        guard let reader = redisReaderCreateWithFunctions(functions) else {
            preconditionFailure("hiredis could not allocate a few hundred bytes for its reader")
        }
        self.reader = reader
        // Unretained: the reader is freed in deinit and calls back only within `next()`.
        reader.pointee.privdata = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        redisReaderFree(reader)
        functions.deinitialize(count: 1)
        functions.deallocate()
    }

    /// Takes all bytes of the buffer; then ask `next()` until it answers nil.
    func feed(_ buffer: ByteBuffer) throws(Violation) {
        let result = buffer.withUnsafeReadableBytes { bytes in
            redisReaderFeed(reader, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        guard result == REDIS_OK else { throw violation() }
        unfinishedBytes += buffer.readableBytes
    }

    /// The next complete reply; nil when more bytes are needed.
    func next() throws(Violation) -> RedisReply? {
        var token: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &token) == REDIS_OK else { throw violation() }
        if let reply = finished {
            finished = nil
            unfinishedBytes = reader.pointee.len - reader.pointee.pos
            return reply
        }
        guard unfinishedBytes <= maximumReplyBytes else {
            throw Violation(description: "a reply of more than \(maximumReplyBytes) bytes")
        }
        return nil
    }

    private func violation() -> Violation {
        let text = withUnsafeBytes(of: &reader.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return Violation(description: text)
    }

    private func beginArray(of count: Int) {
        guard count > 0 else { return add(.array([])) }
        var elements: [RedisReply] = []
        elements.reserveCapacity(min(count, Self.largestReservation))
        frames.append(Frame(missing: count, elements: elements))
    }

    /// Puts a value where it belongs: hiredis reports them depth first, so that is always the innermost open array.
    private func add(_ value: RedisReply) {
        var value = value
        while let last = frames.indices.last {
            frames[last].elements.append(value)
            frames[last].missing -= 1
            guard frames[last].missing == 0 else { return }
            value = .array(frames.removeLast().elements)
        }
        finished = value
    }

    private static func of(_ task: UnsafePointer<redisReadTask>?) -> RedisReplyReader? {
        guard let owner = task?.pointee.privdata else { return nil }
        return Unmanaged<RedisReplyReader>.fromOpaque(owner).takeUnretainedValue()
    }

    /// hiredis only passes this on; anything but NULL, which would mean that memory has run out.
    private static var token: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: 1) }

    private static func makeFunctions() -> redisReplyObjectFunctions {
        redisReplyObjectFunctions(
            createString: { task, text, length in
                let bytes = UnsafeRawBufferPointer(start: text, count: length)
                switch task?.pointee.type {
                case REDIS_REPLY_ERROR: RedisReplyReader.of(task)?.add(.error(String(decoding: bytes, as: UTF8.self)))
                case REDIS_REPLY_STATUS:
                    RedisReplyReader.of(task)?.add(.status(String(decoding: bytes, as: UTF8.self)))
                default: RedisReplyReader.of(task)?.add(.bulk(Array(bytes)))
                }
                return RedisReplyReader.token
            },
            createArray: { task, count in
                RedisReplyReader.of(task)?.beginArray(of: Int(count))
                return RedisReplyReader.token
            },
            createInteger: { task, number in
                RedisReplyReader.of(task)?.add(.integer(number))
                return RedisReplyReader.token
            },
            createNil: { task in
                RedisReplyReader.of(task)?.add(.null)
                return RedisReplyReader.token
            },
            // Nothing was allocated for hiredis; unfinished arrays go with this object.
            freeObject: { _ in }
        )
    }
}
