import FlashSaleKit
import Logging

/// The log of commands: standard error, at the level of the configuration.
enum CommandLogger {
    static func make(_ configuration: FlashConfiguration) -> Logger {
        var logger = Logger(label: "flashctl") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = configuration.logLevel.value
        return logger
    }
}
