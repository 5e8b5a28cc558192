import FlashSaleKit
import Synchronization
import Testing

@testable import flashserve

/// Counts from many tasks.
private final class Counter: Sendable {
    let value = Atomic(0)
}

@Suite struct ServerPartsTests {
    @Test func aSignalBeforeTheWaitIsRemembered() async {
        let wakeup = Wakeup()
        wakeup.signal()
        wakeup.signal()
        await wakeup.wait(upTo: .seconds(600))
        // Both signals were one: the second wait ends by its own time.
        await wakeup.wait(upTo: .milliseconds(10))
    }

    @Test func aSignalWakesTheWaiter() async {
        let wakeup = Wakeup()
        async let waiting: Void = wakeup.wait(upTo: .seconds(600))
        try? await Task.sleep(for: .milliseconds(20))
        wakeup.signal()
        await waiting
    }

    @Test func cancellationEndsTheWait() async {
        let wakeup = Wakeup()
        let task = Task { await wakeup.wait(upTo: .seconds(600)) }
        try? await Task.sleep(for: .milliseconds(20))
        task.cancel()
        await task.value
        let cancelledBefore = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            await wakeup.wait(upTo: .seconds(600))
        }
        await cancelledBefore.value
    }

    @Test("a thousand waits and signals from many tasks never hang")
    func noSignalIsLost() async {
        let wakeup = Wakeup()
        let produced = Counter()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while produced.value.load(ordering: .sequentiallyConsistent) < 1000 {
                    await wakeup.wait(upTo: .seconds(600))
                }
            }
            for _ in 0..<10 {
                group.addTask {
                    for _ in 0..<100 {
                        produced.value.add(1, ordering: .sequentiallyConsistent)
                        wakeup.signal()
                        await Task.yield()
                    }
                }
            }
        }
        #expect(produced.value.load(ordering: .sequentiallyConsistent) == 1000)
    }

    @Test func backoffGrowsToItsLimitWithJitterAndStartsAnew() {
        var backoff = Backoff(first: .milliseconds(100), limit: .milliseconds(400))
        let ranges: [ClosedRange<Duration>] = [
            .milliseconds(50)...(.milliseconds(100)), .milliseconds(100)...(.milliseconds(200)),
            .milliseconds(200)...(.milliseconds(400)), .milliseconds(200)...(.milliseconds(400)),
        ]
        for range in ranges { #expect(range.contains(backoff.step())) }
        backoff.reset()
        #expect(ranges[0].contains(backoff.step()))
        var first = Backoff()
        var steps: Set<Duration> = []
        for _ in 0..<20 {
            first.reset()
            steps.insert(first.step())
        }
        #expect(steps.count > 10, "servers that fail together do not return together")
    }

    @Test("one purchase in a hundred wins, and tickets fit into the journal")
    func lottery() {
        var lottery = LotteryTicket()
        let tickets = (0..<100_000).map { _ in lottery.draw() }
        let winners = tickets.filter { !$0.isEmpty }
        // 1,000 expected; ten standard deviations.
        #expect((685...1315).contains(winners.count), "\(winners.count)")
        #expect(winners.allSatisfy { $0.hasPrefix("WIN-") && $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } })
        #expect(Set(winners).count > winners.count - 5)
    }

    @Test func errorsNameTheNextStep() {
        let error = ServerError(.schemaNotReady, "the database lacks a migration", nextStep: "run `flashctl migrate`")
        #expect("\(error)" == "the database lacks a migration; run `flashctl migrate`")
        #expect("\(ServerError(.redisRefused, "why"))" == "why")
    }

    @Test func textInJSONIsEscaped() {
        #expect(JSONString.quoted("a\"b\\c\n\r\t\u{1}é🎉") == #""a\"b\\c\n\r\t\u0001é🎉""#)
        #expect(JSONString.quoted("") == "\"\"")
    }
}
