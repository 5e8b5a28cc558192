import Glibc

/// Reads HTTP/1.1 responses piece by piece, as they come from the socket, and keeps of each only the status, whether
/// the connection lives on, what it says about asking again, and the start of a refusal's body. Written for the
/// generator's hot path: complete lines are read where they lie, and nothing is allocated once it is warm.
struct ResponseScanner {
    /// What a piece led to.
    enum Event: Equatable {
        /// The response goes on in the next piece.
        case needsMore
        /// A response is complete; bytes after it were not read.
        case complete
        /// This is no HTTP/1.1, or more than is sensible.
        case malformed
    }

    private enum State {
        case statusLine, headers, body(Int), chunkSize, chunk(Int), chunkEnd, trailers, untilClose
    }

    /// Longest line, and longest sum of all header lines, in bytes.
    static let maximumHead = 64 * 1024
    /// So much of a body is kept: refusals are shorter.
    static let keptBody = 512
    /// The same for receipts, which carry the address of an image.
    static let keptReceipt = 8192

    /// Status of the response that is being read or was read last.
    private(set) var status = 0
    /// Whether the server takes another request on this connection.
    private(set) var keepsAlive = true
    /// Start of the body, kept for statuses from 400 on, and for 201 and 200 if asked for.
    private(set) var bodyStart: [UInt8] = []
    /// Seconds of `Retry-After`, nil without it or when it is a date.
    private(set) var retryAfter: Int?
    /// Whether `Idempotent-Replayed` is true.
    private(set) var isReplayed = false
    /// Whether some bytes of an unfinished response were read.
    private(set) var isInside = false

    private let keepsCodes: Bool
    private let keepsReceipts: Bool
    private var state = State.statusLine
    private var partialLine: [UInt8] = []
    private var headBytes = 0
    private var length: Int?
    private var chunked = false

    /// - Parameters:
    ///   - keepsCodes: whether bodies of 201s are kept.
    ///   - keepsReceipts: whether those of 200s are.
    init(keepsCodes: Bool = false, keepsReceipts: Bool = false) {
        self.keepsCodes = keepsCodes
        self.keepsReceipts = keepsReceipts
    }

    /// Reads on; `consumed` tells how many bytes belonged to this response.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, consumed: inout Int) -> Event {
        var offset = 0
        defer { consumed = offset }
        if !isInside, !bytes.isEmpty { begin() }
        while offset < bytes.count {
            let event: Event
            switch state {
            case .body(let rest):
                event = take(rest, of: bytes, at: &offset, next: State.body) { scanner in scanner.finish() }
            case .chunk(let rest):
                event = take(rest, of: bytes, at: &offset, next: State.chunk) { scanner in
                    scanner.state = .chunkEnd
                    return .needsMore
                }
            case .untilClose:
                keep(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
                offset = bytes.count
                event = .needsMore
            case .statusLine, .headers, .chunkSize, .chunkEnd, .trailers:
                event = takeLine(of: bytes, at: &offset)
            }
            if event != .needsMore { return event }
        }
        return .needsMore
    }

    /// The server closed the connection: the end of a response that has neither a length nor chunks.
    mutating func endOfInput() -> Event {
        if case .untilClose = state { return finish() }
        return isInside ? .malformed : .needsMore
    }

    private mutating func begin() {
        isInside = true
        state = .statusLine
        headBytes = 0
        bodyStart.removeAll(keepingCapacity: true)
        resetHead()
    }

    private mutating func resetHead() {
        length = nil
        chunked = false
        keepsAlive = true
        retryAfter = nil
        isReplayed = false
    }

    private mutating func finish() -> Event {
        isInside = false
        state = .statusLine
        return .complete
    }

    private mutating func take(
        _ rest: Int,
        of bytes: UnsafeRawBufferPointer,
        at offset: inout Int,
        next: (Int) -> State,
        end: (inout ResponseScanner) -> Event
    ) -> Event {
        let count = min(rest, bytes.count - offset)
        keep(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count]))
        offset += count
        if count == rest { return end(&self) }
        state = next(rest - count)
        return .needsMore
    }

    private mutating func keep(_ bytes: UnsafeRawBufferPointer) {
        let limit = keepsReceipts && status == 200 ? ResponseScanner.keptReceipt : ResponseScanner.keptBody
        guard status >= 400 || keepsCodes && status == 201 || keepsReceipts && status == 200, bodyStart.count < limit
        else { return }
        bodyStart.append(contentsOf: bytes.prefix(limit - bodyStart.count))
    }

    private mutating func takeLine(of bytes: UnsafeRawBufferPointer, at offset: inout Int) -> Event {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
        guard let start = rest.baseAddress, let found = memchr(start, 10, rest.count) else {
            headBytes += rest.count
            if headBytes > ResponseScanner.maximumHead { return .malformed }
            partialLine.append(contentsOf: rest)
            offset = bytes.count
            return .needsMore
        }
        let count = UnsafeRawPointer(found) - start
        offset += count + 1
        headBytes += count + 1
        if headBytes > ResponseScanner.maximumHead { return .malformed }
        let line = UnsafeRawBufferPointer(rebasing: rest[..<count])
        if partialLine.isEmpty { return read(line: line.withoutCarriageReturn) }
        var whole: [UInt8] = []
        swap(&whole, &partialLine)
        whole.append(contentsOf: line)
        let event = whole.withUnsafeBytes { read(line: $0.withoutCarriageReturn) }
        whole.removeAll(keepingCapacity: true)
        partialLine = whole
        return event
    }

    private mutating func read(line: UnsafeRawBufferPointer) -> Event {
        switch state {
        case .statusLine: return readStatus(line)
        case .headers where line.isEmpty: return endHead()
        case .headers: return readHeader(line) ? .needsMore : .malformed
        case .chunkSize:
            guard let size = ResponseScanner.hexadecimal(line) else { return .malformed }
            // Sizes are no head: a long answer may have many.
            headBytes = 0
            state = size == 0 ? .trailers : .chunk(size)
        case .chunkEnd:
            guard line.isEmpty else { return .malformed }
            state = .chunkSize
        case .trailers:
            if line.isEmpty { return finish() }
        case .body, .chunk, .untilClose: return .malformed
        }
        return .needsMore
    }

    /// `HTTP/1.1 409 Conflict`
    private mutating func readStatus(_ line: UnsafeRawBufferPointer) -> Event {
        guard line.count >= 12, line.starts(with: "HTTP/1.".utf8), line[8] == 0x20,
            line.count == 12 || line[12] == 0x20, let code = ResponseScanner.decimal(line[9..<12]), code >= 100
        else { return .malformed }
        status = code
        if line[7] == UInt8(ascii: "0") { keepsAlive = false }
        state = .headers
        return .needsMore
    }

    private mutating func readHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        // Only names that start with c, i, r or t matter here.
        switch (line.first ?? 0) | 0x20 {
        case UInt8(ascii: "c"), UInt8(ascii: "i"), UInt8(ascii: "r"), UInt8(ascii: "t"): break
        default: return true
        }
        if let value = line.value(ofHeader: "content-length") {
            guard let number = ResponseScanner.decimal(value), length == nil || length == number else { return false }
            length = number
        } else if let value = line.value(ofHeader: "transfer-encoding") {
            chunked = value.equals("chunked")
            return chunked
        } else if let value = line.value(ofHeader: "connection") {
            if value.equals("close") { keepsAlive = false }
            if value.equals("keep-alive") { keepsAlive = true }
        } else if let value = line.value(ofHeader: "retry-after") {
            retryAfter = ResponseScanner.decimal(value)
        } else if let value = line.value(ofHeader: "idempotent-replayed") {
            isReplayed = value.equals("true")
        }
        return true
    }

    private mutating func endHead() -> Event {
        if (100..<200).contains(status) {
            // An interim answer: the real one follows.
            resetHead()
            state = .statusLine
            return .needsMore
        }
        if status == 204 || status == 304 || (length == 0 && !chunked) { return finish() }
        if chunked {
            state = .chunkSize
        } else if let length {
            state = .body(length)
        } else {
            keepsAlive = false
            state = .untilClose
        }
        return .needsMore
    }

    private static func decimal(_ digits: some Collection<UInt8>) -> Int? {
        guard (1...12).contains(digits.count) else { return nil }
        var number = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            number = number * 10 + Int(digit - 0x30)
        }
        return number
    }

    /// The size at the start of a chunk line; extensions after a semicolon are ignored.
    private static func hexadecimal(_ line: UnsafeRawBufferPointer) -> Int? {
        var number = 0
        var count = 0
        for byte in line {
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x41...0x46: digit = byte - 0x41 + 10
            case 0x61...0x66: digit = byte - 0x61 + 10
            case 0x3B, 0x20, 0x09: return count > 0 ? number : nil
            default: return nil
            }
            count += 1
            guard count <= 8 else { return nil }
            number = number << 4 | Int(digit)
        }
        return count > 0 ? number : nil
    }
}

extension UnsafeRawBufferPointer {
    fileprivate var withoutCarriageReturn: UnsafeRawBufferPointer {
        last == 13 ? UnsafeRawBufferPointer(rebasing: dropLast()) : self
    }

    /// The value of a header line without the space around it, nil when the line is another header.
    fileprivate func value(ofHeader name: StaticString) -> UnsafeRawBufferPointer? {
        let length = name.utf8CodeUnitCount
        guard count > length, self[length] == UInt8(ascii: ":"),
            UnsafeRawBufferPointer(rebasing: self[..<length]).equals(name)
        else { return nil }
        var value = self[(length + 1)...]
        while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
        while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
        return UnsafeRawBufferPointer(rebasing: value)
    }

    /// Whether these are the letters of a lower-case name, in any case.
    fileprivate func equals(_ name: StaticString) -> Bool {
        guard count == name.utf8CodeUnitCount else { return false }
        for index in 0..<count {
            let byte = self[index]
            let lower = (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
            if lower != name.utf8Start[index] { return false }
        }
        return true
    }
}
