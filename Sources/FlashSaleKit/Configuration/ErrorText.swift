import NIOCore
import NIOPosix

/// What an error says to an operator: what failed, where and why, without the advice that goes elsewhere and without
/// the place in the source, which is for logs.
public enum ErrorText {
    /// One sentence, without a full stop.
    public static func sentence(_ error: any Error) -> String {
        switch error {
        case let error as RedisError: joined(error.message, error.underlying)
        case let error as PostgresError: joined(error.message, error.underlying)
        case let error as LocalStackError: joined(error.message, error.underlying)
        case let error as ScheduleError: joined(error.message, error.underlying)
        case let error as RecoveryError: joined(error.message, error.underlying)
        case let error as JournalError: joined(error.message, error.underlying)
        case let error as ReconcileError: error.message
        case let error as ConfigurationError: error.message
        case let error as NIOConnectionError: connection(error)
        case let error as IOError: errnoText(error.errnoCode)
        case ChannelError.connectTimeout: "no answer in time"
        default: RedisTLSFailure(error)?.sentence ?? String(describing: error)
        }
    }

    /// The same text as a sentence of its own: with a capital and a full stop.
    public static func whole(_ text: String) -> String {
        let end = text.last.map { ".?!".contains($0) } ?? true ? "" : "."
        return text.prefix(1).uppercased() + text.dropFirst() + end
    }

    private static func joined(_ message: String, _ underlying: (any Error)?) -> String {
        underlying.map { "\(message): \(sentence($0))" } ?? message
    }

    /// A host name may have several addresses, which mostly fail alike.
    private static func connection(_ error: NIOConnectionError) -> String {
        var reasons: [String] = []
        for reason in error.connectionErrors.map({ sentence($0.error) }) where !reasons.contains(reason) {
            reasons.append(reason)
        }
        return reasons.isEmpty ? "the host name has no address" : reasons.joined(separator: "; ")
    }
}
