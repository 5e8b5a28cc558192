import FlashSaleKit
import NIOCore

/// Writes down every second what this server has answered and how the sale stands, from what the server knows anyway:
/// no store is asked. So a page that is opened in the middle of a sale shows how it came there.
struct LiveRecorder: Sendable {
    let state: ServerState
    let loops: [LoopHandle]
    let feed: LiveFeed
    /// Where buyers reach this server.
    let address: String

    /// What was counted last.
    private struct Memory {
        let startedAt = Timestamp.host
        var counters: LoopCounters?
        var at = ContinuousClock.now
    }

    /// What the loops tell.
    private struct Count: Sendable {
        var counters = LoopCounters()
        var connections = 0
        var time: Timestamp?
    }

    /// Records until cancelled.
    func run() async {
        var memory = Memory()
        var next = ContinuousClock.now
        while !Task.isCancelled {
            await record(&memory)
            // Seconds that were missed are not made up for.
            next = max(next + .seconds(1), .now)
            try? await Task.sleep(until: next, clock: .continuous)
        }
    }

    private func record(_ memory: inout Memory) async {
        let count: Count
        do {
            count = try await self.count()
        } catch {
            // The loops have ended, and so does this.
            return
        }
        let at = ContinuousClock.now
        let values = state.current
        let time = count.time ?? Timestamp.host
        var point = LivePoint(at: time)
        if let before = memory.counters {
            point.count(before, count.counters, seconds: max(0.001, (at - memory.at) / .seconds(1)))
        }
        memory.counters = count.counters
        memory.at = at
        let facts = feed.facts
        let view = LiveView(values, at: time, sale: facts.sale)
        point.sale = view.choice.shown?.id
        point.units = view.units
        point.backlogEntries = view.journal?.entries
        point.backlogMilliseconds = view.journal.map { Int($0.seconds * 1000) }
        feed.publish(point, view.now(server(values, count, memory), past: facts.past))
    }

    private func count() async throws -> Count {
        var sum = Count()
        for loop in loops {
            let (counters, connections, time) = try await loop.ask {
                ($0.counters, $0.connections.count, $0.schedule.estimatedTime($0.now))
            }
            sum.counters = sum.counters + counters
            sum.connections += connections
            sum.time = sum.time ?? time
        }
        return sum
    }

    /// Decided checkouts by outcome, and those that were answered with what they had.
    private static func attempts(_ counters: LoopCounters) -> [String: Int] {
        var attempts = Dictionary(uniqueKeysWithValues: counters.attempts.map { ($0.outcome, $0.count) })
        attempts["repeated"] = counters.repeated
        return attempts
    }

    private func server(_ values: ServerState.Values, _ count: Count, _ memory: Memory) -> LiveNow.Server {
        LiveNow.Server(
            address: address,
            startedAt: memory.startedAt.microseconds / 1000,
            isStopping: values.isStopping,
            connections: count.connections,
            attempts: LiveRecorder.attempts(count.counters),
            refusals: Dictionary(uniqueKeysWithValues: count.counters.refusals.map { ($0.reason, $0.count) }),
            purchases: count.counters.purchases
        )
    }
}
