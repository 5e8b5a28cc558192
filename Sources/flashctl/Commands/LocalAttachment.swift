import FlashSaleKit
import Logging

/// Keeps the local stack running while something happens.
enum LocalAttachment {
    /// Runs `body` while the stack of `--local` runs; without that option just runs it.
    static func holding<Result: Sendable>(
        _ options: StoreOptions,
        _ configuration: FlashConfiguration,
        _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        guard options.local else { return try await body() }
        let stack = try await LocalStack.attachOrStart(
            directory: configuration.localDirectory?.value,
            logger: CommandLogger.make(configuration)
        )
        do {
            let result = try await body()
            try await stack.release()
            return result
        } catch {
            try await stack.release()
            throw error
        }
    }
}

/// The log of commands: standard error, at the level of the configuration.
enum CommandLogger {
    static func make(_ configuration: FlashConfiguration) -> Logger {
        var logger = Logger(label: "flashctl") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = configuration.logLevel.value
        return logger
    }
}
