import NIOCore

/// Why a request is refused as a whole. Its answer is the last one of the connection: what follows cannot be told apart
/// any more.
enum RequestFault: Equatable {
    /// Bytes of the body as announced, or as received of one without a length.
    case bodyTooLarge(Int, isWhole: Bool)
    /// Bytes of the request line, or those of it that have come.
    case lineTooLong(Int, isWhole: Bool)
    case headersTooLarge(HeaderLimits)
    case headTooSlow
    /// Bytes of the body that have come.
    case bodyTooSlow(Int)
    /// No HTTP/1.1.
    case malformed
}

extension Responses {
    /// The answer; it names the limit, and the length that was sent where that is known.
    func refused(_ fault: RequestFault) -> ByteBuffer {
        switch fault {
        case .bodyTooLarge(let length, let isWhole):
            error(
                "413 Content Too Large",
                "body_too_large",
                "The body must not exceed \(Limits.body) bytes; \(Responses.sent(length, isWhole))."
            )
        case .lineTooLong(let length, let isWhole):
            error(
                "414 URI Too Long",
                "uri_too_long",
                "The request line must not exceed \(Limits.requestLine) bytes; \(Responses.sent(length, isWhole))."
            )
        case .headersTooLarge(let limits):
            error(
                "431 Request Header Fields Too Large",
                "headers_too_large",
                "Header fields must not exceed \(limits.field) bytes each, \(limits.total) bytes together, "
                    + "and \(limits.count) in number."
            )
        case .headTooSlow:
            error(
                "408 Request Timeout",
                "timeout",
                "The head of a request must arrive within \(Responses.seconds(Limits.headerTime)) of its first byte."
            )
        case .bodyTooSlow(let length):
            error(
                "408 Request Timeout",
                "timeout",
                "The body of a request must arrive within \(Responses.seconds(Limits.bodyTime)) of its head; "
                    + "\(length) bytes came."
            )
        case .malformed: error("400 Bad Request", "bad_request", "This is not an HTTP/1.1 request.")
        }
    }

    private static func sent(_ length: Int, _ isWhole: Bool) -> String {
        isWhole ? "this one has \(length)" : "at least \(length) were sent"
    }

    private static func seconds(_ time: TimeAmount) -> String { "\(time.nanoseconds / 1_000_000_000) s" }
}
