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

    @Test func aThresholdStopsARunOnceAndNeverAfterAnInterrupt() async {
        let (source, signals) = AsyncStream.makeStream(of: Status.self)
        let feed = InterruptFeed()
        let first = feed.stream()
        feed.stop(.thresholdFailed)
        feed.stop(.thresholdFailed)
        signals.yield(.interrupted)
        signals.finish()
        await feed.run(source)
        let second = feed.stream()
        feed.stop(.thresholdFailed)
        // Taking another stream ends none: what is in them is read here.
        var heard: [Status] = []
        for await status in first {
            heard.append(status)
            if heard.count == 2 { break }
        }
        for await status in second {
            heard.append(status)
            break
        }
        #expect(heard == [.thresholdFailed, .interrupted, .thresholdFailed])
    }
}
