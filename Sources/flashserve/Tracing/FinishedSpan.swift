import FlashSaleKit

/// An answered request on its way to the file of traces.
struct FinishedSpan: Sendable, Equatable {
    let traceHigh, traceLow: UInt64
    let id: UInt64
    let parent: UInt64?
    /// As OpenTelemetry wants it: `_OTHER` for what is not a method of HTTP.
    let method: String
    let route: RequestRoute
    let status: Int
    /// Nanoseconds since 1970.
    let start, end: Int64
    var sale: SaleID?
    var batchSize: Int?

    private static let methods: Set = ["GET", "POST", "DELETE", "PUT", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE"]

    /// - Parameters:
    ///   - duration: how long the answer took, in nanoseconds.
    ///   - now: the clock of this host.
    init(_ span: OpenSpan, route: RequestRoute, status: Int, duration: Int64, now: Timestamp) {
        traceHigh = span.traceHigh
        traceLow = span.traceLow
        id = span.id
        parent = span.parent
        method = FinishedSpan.methods.contains(span.method.rawValue) ? span.method.rawValue : "_OTHER"
        self.route = route
        self.status = status
        end = now.microseconds * 1000
        start = end - max(0, duration)
        sale = span.batch?.sale
        batchSize = span.batch?.size
    }

    /// The path of its route. One that is no route is not shown: anything may stand in it.
    var path: String? {
        switch route {
        case .checkout, .release: "/checkout"
        case .other: nil
        default: "/\(route.name)"
        }
    }
}
