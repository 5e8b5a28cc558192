import Testing

@testable import flashctl

@Suite struct ResponseScannerTests {
    /// Feeds the pieces one after the other and returns the event of the last one.
    private func scan(_ scanner: inout ResponseScanner, _ pieces: [String]) -> ResponseScanner.Event {
        var event = ResponseScanner.Event.needsMore
        for piece in pieces {
            var consumed = 0
            event = Array(piece.utf8).withUnsafeBytes { scanner.feed($0, consumed: &consumed) }
            #expect(event != .complete || consumed == piece.utf8.count)
        }
        return event
    }

    private func event(_ text: String) -> ResponseScanner.Event {
        var scanner = ResponseScanner()
        return scan(&scanner, [text])
    }

    private let refusal = response(409, "{\"error\":\"sold_out\",\"message\":\"x\"}", headers: "Retry-After: 1\r\n")
    private let chunked =
        "HTTP/1.1 429 Too Many\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "5\r\n{\"err\r\n14;x=y\r\nor\":\"user_limit\"}xxx\r\n0\r\nTrailer: 1\r\n\r\n"

    @Test func aRefusalIsReadWhole() {
        var scanner = ResponseScanner()
        #expect(scan(&scanner, [refusal]) == .complete)
        #expect(scanner.status == 409)
        #expect(scanner.keepsAlive)
        #expect(String(decoding: scanner.bodyStart, as: UTF8.self) == "{\"error\":\"sold_out\",\"message\":\"x\"}")
        #expect(!scanner.isInside)
    }

    @Test func anySplitGivesTheSame() {
        for text in [refusal, chunked, response(201, "{\"code\":\"2R-7ZK3\"}"), response(204)] {
            let bytes = Array(text.utf8)
            var whole = ResponseScanner()
            #expect(scan(&whole, [text]) == .complete)
            for split in 1..<bytes.count {
                var scanner = ResponseScanner()
                let first = String(decoding: bytes[..<split], as: UTF8.self)
                #expect(scan(&scanner, [first]) == .needsMore)
                #expect(scanner.isInside)
                #expect(scan(&scanner, [String(decoding: bytes[split...], as: UTF8.self)]) == .complete)
                #expect(scanner.status == whole.status)
                #expect(scanner.bodyStart == whole.bodyStart)
            }
        }
    }

    @Test func byteByByteAndAgain() {
        var scanner = ResponseScanner()
        for _ in 0..<3 {
            #expect(scan(&scanner, chunked.unicodeScalars.map { String($0) }) == .complete)
            #expect(String(decoding: scanner.bodyStart, as: UTF8.self) == "{\"error\":\"user_limit\"}xxx")
            #expect(scan(&scanner, refusal.unicodeScalars.map { String($0) }) == .complete)
            #expect(scanner.status == 409)
        }
    }

    @Test func bytesAfterTheResponseAreLeft() {
        var scanner = ResponseScanner()
        var consumed = 0
        let first = response(201, "abc")
        let event = Array((first + refusal).utf8).withUnsafeBytes { scanner.feed($0, consumed: &consumed) }
        #expect(event == .complete)
        #expect(consumed == first.utf8.count)
        #expect(scanner.status == 201)
    }

    @Test func bodiesOfSuccessesAreNotKept() {
        var scanner = ResponseScanner()
        #expect(scan(&scanner, [response(201, "{\"code\":\"x\"}")]) == .complete)
        #expect(scanner.bodyStart.isEmpty)
    }

    @Test func codesAreKeptWhenAskedFor() {
        var scanner = ResponseScanner(keepsCodes: true)
        #expect(scan(&scanner, [response(201, "{\"code\":\"x\"}")]) == .complete)
        #expect(String(decoding: scanner.bodyStart, as: UTF8.self) == "{\"code\":\"x\"}")
        #expect(scan(&scanner, [response(200, "{\"status\":\"success\"}")]) == .complete)
        #expect(scanner.bodyStart.isEmpty)
    }

    @Test func whatIsSaidAboutAskingAgainCounts() {
        var scanner = ResponseScanner()
        #expect(scan(&scanner, [response(202, headers: "RETRY-AFTER: 7\r\n")]) == .complete)
        #expect(scanner.retryAfter == 7)
        #expect(!scanner.isReplayed)
        #expect(scan(&scanner, [response(200, headers: "Idempotent-Replayed: true\r\n")]) == .complete)
        #expect(scanner.isReplayed)
        #expect(scanner.retryAfter == nil)
        let date = "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\nIdempotent-Replayed: false\r\n"
        #expect(scan(&scanner, [response(503, headers: date)]) == .complete)
        #expect(scanner.retryAfter == nil)
        #expect(!scanner.isReplayed)
    }

    @Test func longBodiesAreKeptInPart() {
        var scanner = ResponseScanner()
        #expect(scan(&scanner, [response(500, String(repeating: "x", count: 5000))]) == .complete)
        #expect(scanner.bodyStart.count == ResponseScanner.keptBody)
    }

    @Test func interimAnswersAreSkipped() {
        var scanner = ResponseScanner()
        #expect(scan(&scanner, ["HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n" + response(201)]) == .complete)
        #expect(scanner.status == 201)
        #expect(scanner.keepsAlive)
    }

    @Test func theConnectionHeaderCounts() {
        var scanner = ResponseScanner()
        #expect(scan(&scanner, [response(503, headers: "connection:  Close \r\n")]) == .complete)
        #expect(!scanner.keepsAlive)
        #expect(scan(&scanner, [response(200)]) == .complete)
        #expect(scanner.keepsAlive)
        #expect(scan(&scanner, ["HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"]) == .complete)
        #expect(!scanner.keepsAlive)
        let kept = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"
        #expect(scan(&scanner, [kept]) == .complete)
        #expect(scanner.keepsAlive)
    }

    @Test func withoutLengthTheBodyEndsWithTheConnection() {
        var scanner = ResponseScanner()
        #expect(scan(&scanner, ["HTTP/1.1 409 Conflict\r\n\r\n{\"error\":\"sold_out\"}"]) == .needsMore)
        #expect(scanner.endOfInput() == .complete)
        #expect(!scanner.keepsAlive)
        #expect(scanner.status == 409)
    }

    @Test func anEndWithinAResponseIsMalformed() {
        var scanner = ResponseScanner()
        #expect(scanner.endOfInput() == .needsMore)
        #expect(scan(&scanner, ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"]) == .needsMore)
        #expect(scanner.endOfInput() == .malformed)
    }

    @Test func bareLineFeedsAreAccepted() {
        #expect(event("HTTP/1.1 200 OK\nContent-Length: 2\n\nok") == .complete)
        #expect(event("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n") == .complete)
    }

    @Test(arguments: [
        "SSH-2.0-OpenSSH\r\n",
        "HTTP/2 200\r\n",
        "HTTP/1.1 20\r\n",
        "HTTP/1.1 2000 OK\r\n",
        "HTTP/1.1 abc OK\r\n",
        "HTTP/1.1 099 Low\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9999999999999\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n123456789\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
    ])
    func nonsenseIsMalformed(text: String) {
        #expect(event(text) == .malformed)
    }

    @Test func endlessHeadersAreMalformed() {
        #expect(event("HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 70_000)) == .malformed)
        let many = String(repeating: "X: y\r\n", count: 20_000)
        #expect(event("HTTP/1.1 200 OK\r\n" + many) == .malformed)
    }
}
