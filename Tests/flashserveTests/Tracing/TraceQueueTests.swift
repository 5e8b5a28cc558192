import FlashSaleKit
import Foundation
import Testing

@testable import flashserve

/// Spans that find no room.
@Suite struct TraceQueueTests {
    private func span(_ id: UInt64, _ route: RequestRoute = .checkout, status: Int = 201) -> FinishedSpan {
        let open = OpenSpan(traceHigh: 1, traceLow: 0xAB, id: id, parent: nil, method: .RAW(value: "BREW"))
        let now = Timestamp(microseconds: 2_000_000)
        return FinishedSpan(open, route: route, status: status, duration: 5000, now: now)
    }

    @Test("a full queue drops and counts, and takes spans again when there is room")
    func overflow() {
        let queue = SpanQueue(limit: 3)
        for id in 1...5 as ClosedRange<UInt64> { queue.offer(span(id)) }
        #expect(queue.dropped == 2)
        #expect(queue.take(2).map(\.id) == [1, 2])
        queue.offer(span(6))
        #expect(queue.take(100).map(\.id) == [3, 6])
        #expect(queue.take(100).isEmpty && queue.dropped == 2)
    }

    @Test("a disk that is full costs spans, not the server")
    func fullDisk() async throws {
        let queue = SpanQueue(limit: 2000)
        let writer = try TraceWriter(path: "/dev/full", queue: queue, build: ServerBuild(), logger: TestServer.logger)
        for id in 1...1000 as ClosedRange<UInt64> { queue.offer(span(id)) }
        await writer.write()
        #expect(queue.dropped == 1000)
        #expect(queue.take(1).isEmpty)
    }

    @Test("ids are written with all their digits, and strange methods by no name of their own")
    func line() throws {
        let text = String(
            decoding: try TraceDocument([span(255, .other, status: 503)], build: .init()).line(),
            as: UTF8.self
        )
        #expect(text.contains(#""traceId":"000000000000000100000000000000ab""#))
        #expect(text.contains(#""spanId":"00000000000000ff""#) && !text.contains("parentSpanId"))
        #expect(
            text.contains(#""startTimeUnixNano":"1999995000""#) && text.contains(#""endTimeUnixNano":"2000000000""#)
        )
        #expect(text.contains(#""name":"_OTHER""#) && text.contains(#""status":{"code":2}"#) && !text.contains("BREW"))
        #expect(text.hasSuffix("}\n") && text.split(separator: "\n").count == 1)
    }
}
