import FlashSaleKit
import Logging
import NIOPosix
import Synchronization

/// Carries finished spans to their file, away from the event loops.
final class TraceWriter: Sendable {
    private let queue: SpanQueue
    private let build: ServerBuild
    private let logger: Logger
    private let file: Mutex<TraceFile>
    private let hasFailed = Mutex(false)

    /// Most spans in one line.
    private static let spansPerLine = 512
    /// Between two looks at the queue.
    private static let interval = Duration.milliseconds(200)

    /// - Throws: ``ServerError`` when the file cannot be opened.
    init(path: String, queue: SpanQueue, build: ServerBuild, logger: Logger) throws {
        self.queue = queue
        self.build = build
        self.logger = logger
        file = Mutex(try TraceFile(path: path))
    }

    /// Writes until cancelled.
    func run() async {
        while !Task.isCancelled {
            await write()
            try? await Task.sleep(for: TraceWriter.interval)
        }
    }

    /// Writes what waits now. A disk may take its time: that is spent on a thread of its own.
    func write() async {
        do {
            try await NIOThreadPool.singleton.runIfActive { try self.writeAll() }
        } catch {
            logger.warning("traces could not be written", metadata: ["reason": "\(error)"])
        }
    }

    private func writeAll() throws {
        while true {
            let spans = queue.take(TraceWriter.spansPerLine)
            if spans.isEmpty { return }
            let line = try TraceDocument(spans, build: build).line()
            let isWritten = file.withLock { $0.append(line) }
            if !isWritten { queue.lost(spans.count) }
            let hadFailed = hasFailed.withLock { failed in
                defer { failed = !isWritten }
                return failed
            }
            if !isWritten, !hadFailed { logger.warning("the file of traces takes no more: spans are dropped") }
        }
    }
}
