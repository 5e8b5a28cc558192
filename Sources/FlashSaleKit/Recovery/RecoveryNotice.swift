/// What a recovery did about one sale.
public struct RecoveryNotice: Sendable, Equatable, CustomStringConvertible {
    /// How it ended.
    public enum Result: Sendable, Equatable {
        /// Redis had all its data: it goes on with it.
        case adopted
        /// Its keys were made anew from the ledger, and why; with so many open holds and purchases.
        case rebuilt(why: String, holds: Int, sold: Int)
        /// It stays shut, and why.
        case shut(why: String)
    }

    /// The sale.
    public let sale: SaleID
    /// Its new epoch.
    public let epoch: Int64
    /// How it ended.
    public let result: Result
    /// What its journal lacks: then its checkouts stay shut until that is reconciled.
    public var gaps: [JournalGap] = []

    /// One sentence for people.
    public var description: String {
        switch result {
        case .adopted:
            (["sale \(sale) goes on with the data of Redis at epoch \(epoch)"]
                + gaps.map { "\($0.sentence); next step: \($0.nextStep)" }).joined(separator: "; ")
        case .rebuilt(let why, let holds, let sold):
            "sale \(sale) was rebuilt from its ledger at epoch \(epoch) with \(holds) holds and \(sold) purchases, "
                + "because \(why)"
        case .shut(let why): "sale \(sale) is shut at epoch \(epoch): \(why)"
        }
    }
}

/// A sale that is not sold because its records do not add up.
public struct ShutSale: Sendable, Equatable {
    /// The epoch at which it is shut: another one means that somebody has worked on it.
    public let epoch: Int64
    /// One sentence.
    public let why: String

    /// A sale that is shut.
    public init(epoch: Int64, why: String) {
        self.epoch = epoch
        self.why = why
    }
}
