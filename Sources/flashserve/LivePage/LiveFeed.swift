import NIOCore
import Synchronization

/// Where the seconds come in and the readers of the live page stand: one recorder, one watcher, and at most
/// ``Limits/liveListeners`` readers.
final class LiveFeed: Sendable {
    typealias Deliver = @Sendable (LiveEvent) -> Void

    private struct Values {
        var record = LiveRecord()
        var sale: LiveFacts?
        var past: [PastSale]?
        var readers: [Int: Deliver] = [:]
        var lastNumber = 0
        var isClosed = false
    }

    /// Signalled when somebody begins to watch: the watcher reads at once.
    let saleWakeup = Wakeup()
    let pastWakeup = Wakeup()
    private let values = Mutex(Values())

    /// Milliseconds after which a browser that has lost the events asks again.
    static let retry = 2000

    /// Adds a reader, unless there are too many. Events come on any thread, the first maybe before this returns.
    ///
    /// - Returns: the number by which the reader leaves, and everything that is known until now.
    func join(_ deliver: @escaping Deliver) -> (number: Int, start: ByteBuffer)? {
        let joined = values.withLock { values -> (Int, LiveRecord)? in
            guard !values.isClosed, values.readers.count < Limits.liveListeners else { return nil }
            values.lastNumber += 1
            values.readers[values.lastNumber] = deliver
            return (values.lastNumber, values.record)
        }
        guard let (number, record) = joined else { return nil }
        saleWakeup.signal()
        pastWakeup.signal()
        var start = ByteBuffer(string: "retry: \(LiveFeed.retry)\n\n")
        start.writeImmutableBuffer(LiveEvent("start", record.json).bytes)
        return (number, start)
    }

    func leave(_ number: Int) {
        values.withLock { $0.readers[number] = nil }
    }

    /// Whether anybody reads: otherwise nothing is asked of the stores and nothing is encoded.
    var isWatched: Bool { values.withLock { !$0.readers.isEmpty } }

    /// What the watcher has read last.
    var facts: (sale: LiveFacts?, past: [PastSale]?) { values.withLock { ($0.sale, $0.past) } }

    /// Nil when the sale cannot be read.
    func update(_ sale: LiveFacts?) {
        values.withLock { $0.sale = sale }
    }

    /// Nil when Postgres cannot be asked.
    func update(_ past: [PastSale]?) {
        values.withLock { $0.past = past }
    }

    /// Takes a second, and tells everybody who watches.
    func publish(_ point: LivePoint, _ now: LiveNow) {
        let readers = values.withLock { values -> [Deliver] in
            values.record.append(point, now)
            return Array(values.readers.values)
        }
        guard !readers.isEmpty else { return }
        let event = LiveEvent("second", LiveRecord.json(point, now))
        for reader in readers { reader(event) }
    }

    /// Says goodbye; nobody can join any more.
    func close() {
        let readers = values.withLock { values -> [Deliver] in
            values.isClosed = true
            return Array(values.readers.values)
        }
        let event = LiveEvent("bye", "{}", isLast: true)
        for reader in readers { reader(event) }
    }
}
