/// What went wrong between us and a Redis server. Never contains a password or an argument of a command.
public struct RedisError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure; what a caller may do next depends on it alone.
    public enum Code: Sendable, Hashable {
        /// The text that names the server cannot be understood.
        case badEndpoint
        /// No usable connection came about: refused, unreachable, timed out, TLS failed.
        case connectFailed
        /// The server wants other credentials.
        case authentication
        /// The connection was lost after the command may have been sent: its outcome is unknown.
        case closed
        /// The command certainly never left this process.
        case notSent
        /// No reply within the command timeout: the outcome is unknown.
        case timeout
        /// Too many unanswered commands; this one was not sent.
        case overloaded
        /// The server sent bytes that are no reply, a reply beyond the limit, or a reply that nobody asked for.
        case protocolViolation
        /// The server does not know the script: load all scripts, then the command may be sent again.
        case noScript
        /// The server refused the command; the text is the first word of its error, such as `OOM` or `READONLY`.
        case server(String)
        /// A reply of another shape than the command promises.
        case unexpectedReply
        /// The sale is of a format that only a newer program knows; nothing was written.
        case newerFormat(SaleID)
    }

    /// The kind of failure.
    public let code: Code
    /// One sentence: what failed, where, why.
    public let message: String
    /// What the reader can do about it, when that is known.
    public let nextStep: String?
    /// The error below this one.
    public let underlying: (any Error)?
    /// Where in our sources it was raised.
    public let file: String
    /// Line in `file`.
    public let line: Int

    /// An error raised at the caller's place.
    public init(
        _ code: Code,
        _ message: String,
        nextStep: String? = nil,
        underlying: (any Error)? = nil,
        file: String = #fileID,
        line: Int = #line
    ) {
        self.code = code
        self.message = message
        self.nextStep = nextStep
        self.underlying = underlying
        self.file = file
        self.line = line
    }

    /// The error that stands for an error reply (`-ERR …`) of the server.
    public init(serverReply text: String, file: String = #fileID, line: Int = #line) {
        let word = String(text.prefix { $0 != " " })
        let code: Code = word == "NOSCRIPT" ? .noScript : .server(word)
        self.init(code, "Redis answered: \(text)", nextStep: RedisError.nextStep(word), file: file, line: line)
    }

    /// The error that stands for the answer `V` of a script.
    init(newerFormat format: String, of sale: SaleID, file: String = #fileID, line: Int = #line) {
        self.init(
            .newerFormat(sale),
            StoreFormat.refusal(of: "sale \(sale)", format: format),
            nextStep: StoreFormat.nextStep,
            file: file,
            line: line
        )
    }

    /// The sale that only a newer program knows; nil for any other error.
    public var saleOfNewerFormat: SaleID? {
        guard case .newerFormat(let sale) = code else { return nil }
        return sale
    }

    private static func nextStep(_ word: String) -> String? {
        switch word {
        case "OOM": "raise maxmemory of Redis, or let the drain trim the journal"
        case "READONLY": "point the Redis URL at the master: this server is a replica"
        case "LOADING": "wait until Redis has read its data from disk, then try again"
        case "NOAUTH": "put the password into the Redis URL: redis://:PASSWORD@host:port"
        case "NOPERM": "allow the command for this user with ACL SETUSER; docs/INSTALL.md has all that are needed"
        case "BUSY": "see the log of Redis: a script has been running for too long"
        default: nil
        }
    }

    /// True when the server may or may not have executed the command; such a command is never sent again blindly.
    public var isOutcomeUnknown: Bool {
        switch code {
        case .closed, .timeout, .protocolViolation: true
        default: false
        }
    }

    /// The message, the error below and the next step.
    public var description: String {
        var text = message
        if let underlying { text += ": \(ErrorText.sentence(underlying))" }
        if let nextStep { text += "; \(nextStep)" }
        return text
    }
}
