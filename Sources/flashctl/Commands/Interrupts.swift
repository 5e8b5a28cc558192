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

    /// Runs `body`; a signal cancels it, and its end becomes that of the process.
    static func cancelling<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let signals = await stream()
        return try await withThrowingTaskGroup(of: Value?.self) { tasks in
            tasks.addTask { try await body() }
            tasks.addTask {
                for await status in signals { throw CommandFailure(status, "interrupted") }
                // Cancelled, because the body has ended.
                return nil
            }
            defer { tasks.cancelAll() }
            while let result = try await tasks.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }
}
