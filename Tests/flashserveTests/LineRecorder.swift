import Logging
import Synchronization

/// Keeps what is logged.
final class LineRecorder: Sendable {
    struct Line: Sendable {
        let level: Logger.Level
        let message: String
        let metadata: [String: String]
    }

    private struct Handler: LogHandler {
        let recorder: LineRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug

        func log(event: LogEvent) {
            recorder.kept.withLock {
                $0.append(
                    Line(
                        level: event.level,
                        message: "\(event.message)",
                        metadata: (event.metadata ?? [:]).mapValues { "\($0)" }
                    )
                )
            }
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
    }

    private let kept = Mutex<[Line]>([])

    var lines: [Line] { kept.withLock { $0 } }

    /// What goes to the recorder.
    var handler: any LogHandler { Handler(recorder: self) }

    var logger: Logger { Logger(label: "test") { _ in self.handler } }
}
