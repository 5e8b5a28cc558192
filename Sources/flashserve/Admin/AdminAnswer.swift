import NIOCore

/// A whole answer of the second listener; its connection ends with it.
struct AdminAnswer: Sendable {
    var status: StaticString
    var body: String
    var type: String
    /// Complete header lines.
    var headers: String

    init(
        _ status: StaticString,
        _ body: String,
        type: String = "text/plain; charset=utf-8",
        headers: String = ""
    ) {
        self.status = status
        self.body = body
        self.type = type
        self.headers = headers
    }

    /// The live page.
    static let page = AdminAnswer(
        "200 OK",
        LivePage.html,
        type: "text/html; charset=utf-8",
        headers: "Content-Security-Policy: \(LivePage.policy)\r\n" + safety
            + "Referrer-Policy: no-referrer\r\nCross-Origin-Opener-Policy: same-origin\r\n"
    )

    /// Beyond ``Limits/liveListeners``.
    static let tooManyListeners = AdminAnswer(
        "503 Service Unavailable",
        "\(Limits.liveListeners) pages watch this server already; close one of them\n",
        headers: "Retry-After: 5\r\n" + safety
    )

    static let foreign = AdminAnswer(
        "403 Forbidden",
        "open this page as http://127.0.0.1 or http://localhost, with the port of the server or of your tunnel\n",
        headers: safety
    )

    /// What is sent before the first event; the end of the connection is the end of the body.
    static let eventsHead =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + safety
        + "X-Accel-Buffering: no\r\nConnection: close\r\n\r\n"

    /// Nothing is kept, nothing is taken for another type, nothing is embedded elsewhere.
    private static let safety =
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        + "Cross-Origin-Resource-Policy: same-origin\r\n"

    func bytes(_ allocator: ByteBufferAllocator) -> ByteBuffer {
        var buffer = allocator.buffer(capacity: 512 + headers.utf8.count + body.utf8.count)
        buffer.writeString("HTTP/1.1 ")
        buffer.writeStaticString(status)
        buffer.writeString(
            "\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\(headers)\r\n"
        )
        buffer.writeString(body)
        return buffer
    }
}
