import NIOCore

/// One reader of the events. What it has not taken yet is one event in the channel and one that waits; a newer one
/// takes the place of the one that waits. So a reader that is slow misses seconds, and one that never reads costs two
/// events, not a growing queue.
///
/// Lives on the event loop of its channel.
final class LiveListener {
    /// Called once, when no more events are wanted.
    var onEnd: () -> Void = {}

    private let channel: any Channel
    private var isWriting = false
    private var waiting: LiveEvent?
    private var isOver = false

    init(_ channel: any Channel) {
        self.channel = channel
    }

    /// Sends the head of the answer and everything that is known; events that came before wait behind them.
    func begin(_ head: String, _ start: ByteBuffer) {
        var buffer = channel.allocator.buffer(capacity: head.utf8.count + start.readableBytes)
        buffer.writeString(head)
        buffer.writeImmutableBuffer(start)
        write(buffer, isLast: false)
    }

    /// Sends an event now, or when the last one has been taken.
    func offer(_ event: LiveEvent) {
        guard !isOver else { return }
        if isWriting {
            // Nothing comes after the end.
            if waiting?.isLast != true { waiting = event }
        } else {
            write(event.bytes, isLast: event.isLast)
        }
    }

    /// The connection has ended.
    func end() {
        guard !isOver else { return }
        isOver = true
        waiting = nil
        onEnd()
        onEnd = {}
    }

    private func write(_ bytes: ByteBuffer, isLast: Bool) {
        isWriting = true
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        channel.writeAndFlush(bytes).whenComplete { _ in bound.value.written(isLast) }
    }

    private func written(_ isLast: Bool) {
        isWriting = false
        if isLast { return channel.close(promise: nil) }
        guard !isOver, let next = waiting else { return }
        waiting = nil
        write(next.bytes, isLast: next.isLast)
    }
}

/// A server-sent event, encoded once for all readers.
struct LiveEvent: Sendable {
    var bytes: ByteBuffer
    /// Whether the connection ends with it.
    var isLast = false

    /// - Parameter data: one line.
    init(_ name: StaticString, _ data: String, isLast: Bool = false) {
        bytes = ByteBuffer()
        bytes.writeString("event: \(name)\ndata: \(data)\n\n")
        self.isLast = isLast
    }
}
