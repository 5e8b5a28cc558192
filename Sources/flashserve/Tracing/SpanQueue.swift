import Collections
import Synchronization

/// Finished spans between the event loops and their file. Full, it drops and counts: a trace is never worth a request.
final class SpanQueue: Sendable {
    private struct Content {
        var spans: Deque<FinishedSpan> = []
        var dropped = 0
    }

    private let limit: Int
    private let content = Mutex(Content())

    init(limit: Int = Limits.waitingSpans) {
        self.limit = limit
    }

    /// Spans that were lost since the start.
    var dropped: Int { content.withLock { $0.dropped } }

    /// Takes a span, or counts it as dropped.
    func offer(_ span: FinishedSpan) {
        content.withLock { content in
            if content.spans.count < limit { content.spans.append(span) } else { content.dropped += 1 }
        }
    }

    /// The oldest spans, at most so many.
    func take(_ most: Int) -> [FinishedSpan] {
        content.withLock { content in
            let taken = Array(content.spans.prefix(most))
            content.spans.removeFirst(taken.count)
            return taken
        }
    }

    /// Spans that were taken could not be written.
    func lost(_ count: Int) {
        content.withLock { $0.dropped += count }
    }
}
