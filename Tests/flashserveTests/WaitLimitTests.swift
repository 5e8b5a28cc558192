import NIOCore
import Testing

@testable import flashserve

@Suite struct WaitLimitTests {
    /// Whether a batch is refused that has waited for so many milliseconds, after an answer that took that long.
    private func isOver(_ waited: Int64, after answer: Int64?) -> Bool {
        var limit = WaitLimit()
        if let answer { limit.observed(.milliseconds(answer)) }
        let since = NIODeadline.now()
        return limit.isOver(since, now: since + .milliseconds(waited))
    }

    @Test("a Redis that answers quickly is waited for up to the limit of the queue")
    func quick() {
        #expect(!isOver(1500, after: nil))
        #expect(!isOver(1500, after: 5))
        #expect(isOver(1501, after: 5))
    }

    @Test("waiting and an answer as slow as the last one stay below two seconds together")
    func slow() {
        for answer in stride(from: Int64(0), through: 1500, by: 50) {
            let longest = (0...2000).last { !isOver(Int64($0), after: answer) } ?? 0
            #expect(Int64(longest) + answer <= 1900, "after \(answer) ms")
        }
    }

    @Test("the last answer alone decides, and no answer is so slow that nothing is sent any more")
    func recovers() {
        var limit = WaitLimit()
        let since = NIODeadline.now()
        limit.observed(.seconds(60))
        #expect(!limit.isOver(since, now: since + .milliseconds(400)))
        #expect(limit.isOver(since, now: since + .milliseconds(401)))
        limit.observed(.milliseconds(10))
        #expect(!limit.isOver(since, now: since + .milliseconds(1500)))
    }
}
