/// The two streams that make up the journal of a sale.
public enum JournalStream: String, Sendable, CaseIterable {
    /// Every change of state: holds, purchases, expiries, controls.
    case ledger
    /// Every decided checkout, packed per batch.
    case attempts

    /// Field of the sale hash in Redis with the id below which the stream has been trimmed.
    var trimmedField: String { "trimmed_to_\(rawValue)" }

    /// Key of the stream of this sale.
    func key(_ keys: SaleKeys) -> String {
        switch self {
        case .ledger: keys.ledger
        case .attempts: keys.attempts
        }
    }
}
