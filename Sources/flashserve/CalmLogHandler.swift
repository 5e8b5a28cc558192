import Logging
import Synchronization

/// Lets a warning or an error pass at most once in an interval; the next line says how often it came in between. What
/// fails is tried again many times a second, and a log full of one cause hides every other one.
struct CalmLogHandler: LogHandler {
    /// What was said and when, shared by all copies of a logger.
    final class Memory: Sendable {
        /// A line is another one when its level, its words or the values it is about differ.
        struct Cause: Hashable {
            let level: Logger.Level
            let text: String
        }

        private struct Said {
            var at: ContinuousClock.Instant
            var kept = 0
        }

        /// Causes remembered; the oldest is forgotten first.
        static let limit = 256
        private let interval: Duration
        private let said = Mutex<[Cause: Said]>([:])

        init(interval: Duration) {
            self.interval = interval
        }

        /// How many lines of this cause were kept back since the last one that passed; nil to keep this one back, too.
        func passes(_ cause: Cause, at now: ContinuousClock.Instant) -> Int? {
            said.withLock { said in
                if let last = said[cause], now - last.at < interval {
                    said[cause]?.kept += 1
                    return nil
                }
                let kept = said[cause]?.kept ?? 0
                if said[cause] == nil, said.count >= Memory.limit {
                    let oldest = said.min { $0.value.at < $1.value.at }
                    if let oldest { said[oldest.key] = nil }
                }
                said[cause] = Said(at: now)
                return kept
            }
        }
    }

    /// Between two lines about one cause.
    static let interval = Duration.seconds(10)

    private var inner: any LogHandler
    private let memory: Memory
    private let now: @Sendable () -> ContinuousClock.Instant

    init(
        _ inner: any LogHandler,
        interval: Duration = CalmLogHandler.interval,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.inner = inner
        memory = Memory(interval: interval)
        self.now = now
    }

    func log(event: LogEvent) {
        guard event.level >= .warning else { return inner.log(event: event) }
        guard let kept = memory.passes(CalmLogHandler.cause(event), at: now()) else { return }
        guard kept > 0 else { return inner.log(event: event) }
        var counted = event
        counted.metadata = (event.metadata ?? [:]).merging(["repeated": "\(kept)"]) { $1 }
        inner.log(event: counted)
    }

    /// Numbers in a reason differ from one time to the next (a count, a wait, a port); those of a sale or a stream do
    /// not, and tell two causes apart.
    private static func cause(_ event: LogEvent) -> Memory.Cause {
        var text = "\(event.message)"
        for (name, value) in (event.metadata ?? [:]).sorted(by: { $0.key < $1.key }) {
            let value = "\(value)"
            text += " \(name)=" + (Int(value) == nil ? withoutNumbers(value) : value)
        }
        return Memory.Cause(level: event.level, text: text)
    }

    /// Each number, however many digits it has, as one 0.
    private static func withoutNumbers(_ text: String) -> String {
        var result = ""
        for character in text where !(character.isNumber && result.last == "0") {
            result.append(character.isNumber ? "0" : character)
        }
        return result
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { inner[metadataKey: key] }
        set { inner[metadataKey: key] = newValue }
    }

    var metadata: Logger.Metadata {
        get { inner.metadata }
        set { inner.metadata = newValue }
    }

    var metadataProvider: Logger.MetadataProvider? {
        get { inner.metadataProvider }
        set { inner.metadataProvider = newValue }
    }

    var logLevel: Logger.Level {
        get { inner.logLevel }
        set { inner.logLevel = newValue }
    }
}
