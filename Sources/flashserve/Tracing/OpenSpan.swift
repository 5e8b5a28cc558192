import FlashSaleKit
import NIOHTTP1

/// What is recorded of a request while it is being answered. It never knows a user, a code or a query.
///
/// Lives on one event loop.
final class OpenSpan {
    let traceHigh, traceLow: UInt64
    /// This server's own.
    let id: UInt64
    /// The caller's; nil for a trace that begins here.
    let parent: UInt64?
    let method: HTTPMethod
    /// The sale that was asked, and how many were decided together.
    var batch: (sale: SaleID, size: Int)?

    init(traceHigh: UInt64, traceLow: UInt64, id: UInt64, parent: UInt64?, method: HTTPMethod) {
        self.traceHigh = traceHigh
        self.traceLow = traceLow
        self.id = id
        self.parent = parent
        self.method = method
    }

    /// The header of the answer, `traceresponse` of W3C Trace Context Level 2.
    var response: String {
        "traceresponse: 00-\(SpanID.text(traceHigh))\(SpanID.text(traceLow))-\(SpanID.text(id))-01\r\n"
    }
}

/// How ids are written.
enum SpanID {
    /// 16 digits.
    static func text(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
