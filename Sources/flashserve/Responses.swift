import FlashSaleKit
import NIOCore

/// Builds answers as bytes. The frequent ones are built once a second, when the Date header changes, and shared.
struct Responses {
    /// Answers without a variable part.
    enum Fixed: Int, CaseIterable {
        case soldOut, userLimit, banned, paused, overloaded, unavailable, outcomeUnknown, unknownCode, expiredCode,
            alreadyPurchased
        case pending, released, alive, notFound
    }

    private let allocator = ByteBufferAllocator()
    private var second: Int64 = -1
    private var date: [UInt8] = []
    private var fixed: [ByteBuffer] = []

    /// Rebuilds what carries the Date header when the second has changed.
    mutating func refresh(now: Timestamp) {
        let current = now.microseconds / 1_000_000
        guard current != second else { return }
        second = current
        date = HTTPDate.format(seconds: current)
        fixed = Fixed.allCases.map { build($0) }
    }

    /// The shared bytes of a fixed answer.
    func fixed(_ answer: Fixed) -> ByteBuffer { fixed[answer.rawValue] }

    private func build(_ answer: Fixed) -> ByteBuffer {
        switch answer {
        case .soldOut: error("409 Conflict", "sold_out", "No unit is free at the moment.")
        case .userLimit:
            error("429 Too Many Requests", "user_limit", "The user has as many units as one user may have.")
        case .banned: error("403 Forbidden", "banned", "The user may not take part in this sale.")
        case .paused:
            error("503 Service Unavailable", "paused", "The sale is paused.", retryAfter: BuyerAnswers.pausedRetry)
        case .overloaded:
            error("503 Service Unavailable", "overloaded", "Too many requests are waiting.", retryAfter: 1)
        case .unavailable:
            error("503 Service Unavailable", "unavailable", "The sale cannot be decided right now.", retryAfter: 1)
        case .outcomeUnknown:
            error(
                "503 Service Unavailable",
                "outcome_unknown",
                "It is not known whether this was done. Ask again.",
                retryAfter: 1
            )
        case .unknownCode: error("404 Not Found", "unknown_code", "There is no hold with this code.")
        case .expiredCode: error("404 Not Found", "expired_code", "The hold has ended and its unit was given back.")
        case .alreadyPurchased: error("409 Conflict", "already_purchased", "The unit of this code has been bought.")
        case .pending:
            json("202 Accepted", #"{"status":"pending"}"#, headers: "Retry-After: 1\r\nCache-Control: no-store\r\n")
        case .released: json("200 OK", #"{"status":"released"}"#, headers: "Cache-Control: no-store\r\n")
        case .alive: json("200 OK", #"{"status":"alive"}"#)
        case .notFound: error("404 Not Found", "not_found", "There is nothing at this path.")
        }
    }

    /// An error of the API: `{"error":code,"message":sentence}`. The texts must not need JSON escapes.
    func error(
        _ status: StaticString,
        _ code: StaticString,
        _ message: String,
        retryAfter: Int? = nil,
        allow: String? = nil
    ) -> ByteBuffer {
        var headers = ""
        if let retryAfter { headers += "Retry-After: \(retryAfter)\r\n" }
        if let allow { headers += "Allow: \(allow)\r\n" }
        return json(status, "{\"error\":\"\(code)\",\"message\":\"\(message)\"}", headers: headers)
    }

    /// The same answer, as the last one of its connection.
    static func closing(_ answer: ByteBuffer) -> ByteBuffer {
        inserting("Connection: close\r\n", into: answer)
    }

    /// The same answer with another header, a complete line.
    static func inserting(_ header: String, into answer: ByteBuffer) -> ByteBuffer {
        let bytes = answer.readableBytesView
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return answer }
        var buffer = ByteBufferAllocator().buffer(capacity: answer.readableBytes + header.utf8.count)
        buffer.writeBytes(bytes[...end])
        buffer.writeString(header)
        buffer.writeBytes(bytes[bytes.index(after: end)...])
        return buffer
    }

    /// Any JSON body; `headers` are complete lines.
    func json(_ status: StaticString, _ body: String, headers: String = "") -> ByteBuffer {
        var buffer = allocator.buffer(capacity: 192 + headers.utf8.count + body.utf8.count)
        writeHead(status, bodyLength: body.utf8.count, to: &buffer)
        buffer.writeString(headers)
        buffer.writeStaticString("\r\n")
        buffer.writeString(body)
        return buffer
    }

    /// 201 with the code of a hold.
    func held(code: HoldCode, itemID: Int64, expiresAt: Timestamp, replayed: Bool) -> ByteBuffer {
        var body: [UInt8] = []
        body.reserveCapacity(160)
        body.append(contentsOf: #"{"code":""#.utf8)
        body.append(contentsOf: code.utf8)
        body.append(contentsOf: #"","sale_id":"#.utf8)
        body.append(contentsOf: String(code.saleID.rawValue).utf8)
        body.append(contentsOf: #","item_id":"#.utf8)
        body.append(contentsOf: String(itemID).utf8)
        body.append(contentsOf: #","expires_at":""#.utf8)
        expiresAt.writeRFC3339 { body.append($0) }
        body.append(contentsOf: #""}"#.utf8)
        return withCode("201 Created", body: body, replayed: replayed)
    }

    /// 200 with the receipt of a purchase.
    func purchased(_ purchase: CommittedPurchase, sale: SaleDisplay, replayed: Bool) -> ByteBuffer {
        var body: [UInt8] = []
        body.reserveCapacity(320)
        body.append(contentsOf: #"{"status":"success","item_id":"#.utf8)
        body.append(contentsOf: String(purchase.itemID).utf8)
        body.append(contentsOf: sale.receiptFragment)
        body.append(contentsOf: #","metadata":{"#.utf8)
        if !purchase.ticket.isEmpty {
            body.append(contentsOf: #""lottery_ticket":""#.utf8)
            body.append(contentsOf: purchase.ticket.utf8)
            body.append(UInt8(ascii: "\""))
        }
        body.append(contentsOf: #"},"sale_id":"#.utf8)
        body.append(contentsOf: String(purchase.saleID.rawValue).utf8)
        body.append(contentsOf: #","unit":"#.utf8)
        body.append(contentsOf: String(purchase.unit).utf8)
        body.append(contentsOf: #","purchased_at":""#.utf8)
        purchase.purchasedAt.writeRFC3339 { body.append($0) }
        body.append(contentsOf: #""}"#.utf8)
        return withCode("200 OK", body: body, replayed: replayed)
    }

    private func withCode(_ status: StaticString, body: [UInt8], replayed: Bool) -> ByteBuffer {
        var buffer = allocator.buffer(capacity: 256 + body.count)
        writeHead(status, bodyLength: body.count, to: &buffer)
        buffer.writeStaticString("Cache-Control: no-store\r\n")
        if replayed { buffer.writeStaticString("Idempotent-Replayed: true\r\n") }
        buffer.writeStaticString("\r\n")
        buffer.writeBytes(body)
        return buffer
    }

    private func writeHead(_ status: StaticString, bodyLength: Int, to buffer: inout ByteBuffer) {
        buffer.writeStaticString("HTTP/1.1 ")
        buffer.writeStaticString(status)
        buffer.writeStaticString("\r\nContent-Type: application/json\r\nDate: ")
        buffer.writeBytes(date)
        buffer.writeStaticString("\r\nContent-Length: ")
        buffer.writeString(String(bodyLength))
        buffer.writeStaticString("\r\n")
    }
}
