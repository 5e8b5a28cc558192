/// The call by which operators change a running sale.
public enum ControlCall {
    /// What the script says.
    public typealias Reply = ScriptAnswer<Outcome>

    /// What an operator may do.
    public enum Operation: Sendable, Equatable {
        /// Checkouts are answered `paused` until they are resumed.
        case pauseCheckout, resumeCheckout
        /// Purchases are answered `paused` until they are resumed.
        case pausePurchase, resumePurchase
        /// Every checkout of the user is refused; holds and purchases that exist stay.
        case ban(user: UserID)
        /// The user may check out again.
        case unban(user: UserID)
        /// A lower limit per user; holds and purchases above it stay.
        case lowerLimit(Int)
        /// Closes the sale for good; refused before its end, or while a unit is held.
        case finish
        /// Closes the sale for good, whenever that is; refused when a unit is held or sold, or when anything was
        /// decided after this step of the sale.
        case withdraw(sequence: Int64)
    }

    /// What became of the operation.
    public enum Outcome: String, Sendable {
        /// It is done and on the ledger.
        case changed
        /// It was so already.
        case unchanged
        /// The sale does not allow it now: a limit that is not lower, or an end that has not come.
        case refused
    }

    /// An operation with the operator who wants it and why.
    public struct Request: Sendable, Equatable {
        /// What to do.
        public let operation: Operation
        /// The operator.
        public let who: String
        /// The reason.
        public let why: String

        /// Nil when the user, `who` or `why` hold control characters: they would break the lines of the ledger.
        public init?(_ operation: Operation, who: String, why: String) {
            let texts = [who, why]
            switch operation {
            case .ban(let user), .unban(let user):
                guard UserID.isValid(user.utf8) else { return nil }
            case .lowerLimit(let limit):
                guard limit > 0 else { return nil }
            default: break
            }
            guard texts.allSatisfy({ $0.utf8.allSatisfy { byte in byte >= 0x20 && byte != 0x7F } }) else { return nil }
            self.operation = operation
            self.who = who
            self.why = why
        }
    }

    /// A call.
    public static func command(
        keys: SaleKeys,
        epoch: Int64,
        confirmed: Timestamp? = nil,
        request: Request
    ) -> RedisCommand {
        let operation = request.operation
        let time = confirmed.map { String($0.microseconds) } ?? ""
        return SaleScript.control.command(
            keys: keys,
            arguments: [String(epoch), time, operation.name, operation.value ?? "", request.who, request.why]
        )
    }

    /// Reads the reply.
    public static func parse(_ reply: RedisReply) throws(RedisError) -> Reply {
        try ScriptReply(reply, of: .control).answer { reply throws(RedisError) in
            guard let outcome = Outcome(rawValue: try reply.text(2)) else { throw reply.missing(2) }
            return outcome
        }
    }

}

extension ControlCall.Operation {
    /// Its name in Redis and in `control_log`.
    public var name: String {
        switch self {
        case .pauseCheckout: "pause_checkout"
        case .resumeCheckout: "resume_checkout"
        case .pausePurchase: "pause_purchase"
        case .resumePurchase: "resume_purchase"
        case .ban: "ban"
        case .unban: "unban"
        case .lowerLimit: "limit"
        case .finish: "finish"
        case .withdraw: "withdraw"
        }
    }

    /// The user that it is about, if it is about one.
    public var user: UserID? {
        switch self {
        case .ban(let user), .unban(let user): user
        default: nil
        }
    }

    /// The user, the limit or the step that it is about; nil when the name says all.
    public var value: String? {
        switch self {
        case .ban(let user), .unban(let user): user.text
        case .lowerLimit(let limit): String(limit)
        case .withdraw(let sequence): String(sequence)
        case .pauseCheckout, .resumeCheckout, .pausePurchase, .resumePurchase, .finish: nil
        }
    }
}
