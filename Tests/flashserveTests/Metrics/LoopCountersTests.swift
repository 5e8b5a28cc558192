import FlashSaleKit
import NIOCore
import Testing

@testable import flashserve

@Suite struct LoopCountersTests {
    private func answer(_ status: Int) -> ByteBuffer {
        ByteBuffer(string: "HTTP/1.1 \(status) Whatever\r\n\r\n")
    }

    @Test("letters and refusals of loops add up; a repeat is no attempt")
    func sums() {
        var first = LoopCounters()
        for letter in "HHSLBhO".utf8 { first.decided(letter) }
        var second = LoopCounters()
        for reason in LoopCounters.Refusal.allCases { second.refused(reason, 2) }
        second.purchases = 4
        let sum = first + second
        #expect(sum.attempts.map(\.count) == [2, 1, 1, 1])
        #expect(sum.repeated == 1)
        #expect(sum.refusals.map(\.count) == [3, 2, 2, 2])
        #expect(sum.purchases == 4)
        #expect(LoopCounters.Refusal(.paused) == .paused && LoopCounters.Refusal(.unavailable) == .unavailable)
    }

    @Test("each answer is counted under its route and status, whichever the loop")
    func answers() {
        var loops = [LoopCounters(), LoopCounters()]
        for (index, series) in RequestDurations.series.enumerated() {
            for _ in 0...index {
                loops[index % 2].began()
                loops[index % 2].answered(series.route, with: answer(series.status ?? 405), after: .milliseconds(3))
            }
        }
        let sum = loops[0] + loops[1]
        #expect(sum.inFlight == 0)
        #expect(sum.requests.seen.map(\.series) == RequestDurations.series)
        for (index, seen) in sum.requests.seen.enumerated() {
            #expect(seen.durations.count == index + 1, "\(seen.series)")
            #expect(seen.durations.nanoseconds == 3_000_000 * (index + 1))
        }
        let all = RequestDurations.series.indices.reduce(0) { $0 + $1 + 1 }
        #expect(sum.requests.durations().count == all)
        let routes = RequestRoute.allCases.map { sum.requests.durations(of: $0).count }
        #expect(routes.reduce(0, +) == all && routes.allSatisfy { $0 > 0 })
    }

    @Test("a status that a route does not list is counted all the same", arguments: [405, 413, 418, 0, 999])
    func otherStatuses(_ status: Int) {
        for route in RequestRoute.allCases {
            var counters = LoopCounters()
            counters.answered(route, with: answer(status), after: .zero)
            let seen = counters.requests.seen.map(\.series)
            #expect(seen == [RequestDurations.Series(route: .other, status: nil)])
        }
    }

    @Test("the status is read from whatever the server writes")
    func statuses() {
        var responses = Responses()
        responses.refresh(now: Timestamp(microseconds: 1))
        #expect(RequestDurations.status(of: responses.fixed(.soldOut)) == 409)
        #expect(RequestDurations.status(of: responses.refused(.headersTooLarge(HeaderLimits()))) == 431)
        #expect(RequestDurations.status(of: responses.json("200 OK", "{}")) == 200)
        #expect(RequestDurations.status(of: Responses.closing(responses.fixed(.pending))) == 202)
        #expect(RequestDurations.status(of: ByteBuffer()) == 0)
    }

    @Test("sizes and durations of batches")
    func batches() {
        var counters = LoopCounters()
        for size in [1, 1, 2, 4, 5, 512] { counters.batch(.checkout, size: size, after: .milliseconds(2)) }
        counters.batch(.release, size: 1, after: .seconds(1))
        let sum = counters + counters
        let sizes = sum.batches[.checkout].exportedSizes
        #expect(sizes.buckets.map(\.bound) == [1, 4, 16, 64, 256, 512])
        #expect(sizes.buckets.map(\.cumulative) == [4, 8, 10, 10, 10, 12])
        #expect(sizes.sum == 1050 && sizes.count == 12)
        #expect(sum.batches[.checkout].durations.count == 12)
        #expect(sum.batches[.release].durations.nanoseconds == 2_000_000_000)
        #expect(sum.batches[.purchase].durations.count == 0)
    }

    @Test("connections are open until they end; those over the limit never were")
    func connections() {
        var counters = LoopCounters()
        for taken in [true, true, false] { counters.connected(taken: taken) }
        counters.disconnected()
        #expect((counters.connections, counters.accepted, counters.turnedAway) == (1, 2, 1))
        counters.began()
        counters.began()
        counters.abandoned(1)
        #expect((counters + counters).inFlight == 2)
    }
}
