import FlashSaleKit
import NIOCore
import NIOHTTP1

/// Decides which requests of one event loop are recorded. A loop without one looks at no header for it.
///
/// Lives on one event loop.
final class LoopTracer {
    /// Of the 2^53 draws, those below this are recorded.
    private let threshold: UInt64
    private let queue: SpanQueue
    private var random = BlockRandom()

    /// - Parameter share: of the requests without a `traceparent`, 0…1.
    init(share: Double, queue: SpanQueue) {
        threshold = UInt64(share * 0x1p53)
        self.queue = queue
    }

    /// The span of a request, if it is recorded: the caller's word counts, and without one the share.
    func begin(_ head: HTTPRequestHead) -> OpenSpan? {
        let headers = head.headers["traceparent"]
        // Of two nobody can tell which is meant.
        if headers.count == 1, let caller = TraceParent(headers[0]) {
            guard caller.isSampled else { return nil }
            return OpenSpan(
                traceHigh: caller.traceHigh,
                traceLow: caller.traceLow,
                id: newID(),
                parent: caller.parent,
                method: head.method
            )
        }
        guard random.next() >> 11 < threshold else { return nil }
        return OpenSpan(traceHigh: newID(), traceLow: newID(), id: newID(), parent: nil, method: head.method)
    }

    /// The request has its answer, which says so: returns it with the header.
    func finish(_ span: OpenSpan, _ route: RequestRoute, with answer: ByteBuffer, after time: TimeAmount) -> ByteBuffer
    {
        queue.offer(
            FinishedSpan(
                span,
                route: route,
                status: RequestDurations.status(of: answer),
                duration: time.nanoseconds,
                now: Timestamp.host
            )
        )
        return Responses.inserting(span.response, into: answer)
    }

    /// Zero is no id.
    private func newID() -> UInt64 { max(1, random.next()) }
}
