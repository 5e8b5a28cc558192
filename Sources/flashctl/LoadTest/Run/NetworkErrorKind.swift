import Glibc
import NIOCore
import NIOPosix

/// Why a request got no answer.
enum NetworkErrorKind: Int, CaseIterable, Sendable {
    case connectRefused, connectTimeout, connectFailed, reset, closed, truncated, timeout, badResponse, other

    var name: String {
        switch self {
        case .connectRefused: "connect_refused"
        case .connectTimeout: "connect_timeout"
        case .connectFailed: "connect_failed"
        case .reset: "reset"
        case .closed: "closed_before_answer"
        case .truncated: "closed_within_answer"
        case .timeout: "timeout"
        case .badResponse: "bad_response"
        case .other: "other"
        }
    }

    /// The kind of an error of an open connection.
    init(reading error: any Error) {
        let code = (error as? IOError)?.errnoCode
        self = code == ECONNRESET || code == EPIPE ? .reset : .other
    }

    /// The kind of an error of a connection that did not come about.
    init(connecting error: any Error) {
        // Of a name with several addresses: what the last of them said.
        let error = (error as? NIOConnectionError)?.connectionErrors.last?.error ?? error
        if case .connectTimeout? = error as? ChannelError {
            self = .connectTimeout
        } else {
            self = (error as? IOError)?.errnoCode == ECONNREFUSED ? .connectRefused : .connectFailed
        }
    }
}
