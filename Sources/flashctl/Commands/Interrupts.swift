import UnixSignals

/// Ctrl-C and the stop of a service manager, as the status with which to end.
enum Interrupts {
    /// From now on the signals no longer end the process; each one is an element.
    static func stream() async -> AsyncStream<ExitStatus> {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let (stream, continuation) = AsyncStream.makeStream(of: ExitStatus.self, bufferingPolicy: .bufferingNewest(4))
        let task = Task {
            for await signal in signals { continuation.yield(signal == .sigint ? .interrupted : .terminated) }
            continuation.finish()
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }
}
