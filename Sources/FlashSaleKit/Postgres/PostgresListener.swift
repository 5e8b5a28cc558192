import Logging

/// Notifications of one channel, on a connection of its own that is renewed for as long as somebody listens.
public enum PostgresListener {
    /// Payloads kept for a listener that is slow; the oldest go first.
    static let maximumBuffered = 256
    /// How often a silent connection is tested.
    static let heartbeat: Duration = .seconds(10)
    /// Range of the pause between two attempts to connect; doubled after each failure, and half of it random.
    static let backOff: ClosedRange<Duration> = .milliseconds(50)...(.seconds(5))

    /// The payloads of all notifications. An empty one comes after each (re)connection and means: something may have
    /// been missed, look for yourself. The stream ends only when its consumer drops it or its task is cancelled.
    public static func listen(
        _ endpoint: PostgresEndpoint,
        _ channel: String,
        options: PostgresOptions = PostgresOptions(),
        logger: Logger = Logger(label: "flashctl.postgres")
    ) -> AsyncStream<String> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: String.self,
            bufferingPolicy: .bufferingNewest(maximumBuffered)
        )
        let task = Task {
            var pause = backOff.lowerBound
            while !Task.isCancelled {
                do throws(PostgresError) {
                    let connection = try await PostgresConnection.connect(
                        to: endpoint,
                        options: options,
                        logger: logger
                    )
                    _ = try await connection.query("listen \(identifier: channel)")
                    pause = backOff.lowerBound
                    continuation.yield("")
                    try await forward(from: connection, to: continuation)
                } catch {
                    guard !Task.isCancelled else { break }
                    logger.warning("listening is interrupted", metadata: ["channel": "\(channel)", "why": "\(error)"])
                }
                // A cancelled sleep ends the loop at its head.
                try? await Task.sleep(for: pause / 2 + pause * Double.random(in: 0...0.5))
                pause = min(pause * 2, backOff.upperBound)
            }
            continuation.finish()
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    private static func forward(
        from connection: PostgresConnection,
        to continuation: AsyncStream<String>.Continuation
    ) async throws(PostgresError) {
        while true {
            let payloads = try await connection.notifications(within: heartbeat)
            for payload in payloads { continuation.yield(payload) }
            // A server that vanished without a word is noticed by its silence.
            if payloads.isEmpty { _ = try await connection.query("select 1") }
        }
    }
}
