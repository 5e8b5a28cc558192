import Testing

@testable import flashctl

@Suite struct InterruptFeedTests {
    @Test func onePartAfterTheOtherHearsTheInterrupts() async throws {
        let (source, signals) = AsyncStream.makeStream(of: Status.self)
        let feed = InterruptFeed()
        let relay = Task { await feed.run(source) }
        var heard: [Status] = []
        for wanted in [Status.interrupted, .terminated] {
            let part = feed.stream()
            signals.yield(wanted)
            // A task that waits and is cancelled ends the stream that it waits for, and no other.
            let waiting = Task { () -> Status? in
                for await status in part { return status }
                return nil
            }
            if let status = await waiting.value { heard.append(status) }
            waiting.cancel()
        }
        #expect(heard == [.interrupted, .terminated])
        signals.finish()
        await relay.value
    }
}
