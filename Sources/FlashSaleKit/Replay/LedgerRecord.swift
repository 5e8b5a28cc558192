/// A row of `ledger` as a cursor hands it out.
struct LedgerRecord: Sendable {
    /// Kinds of the table; `reconciled` is written by reconciliations, all others come through the stream.
    enum Kind: String, Sendable {
        case opened, rebuilt, held, purchased, expired, released, control, ban, unban, reconciled
    }

    let place: RecordPosition
    let at: Timestamp
    /// Nil for a kind that nobody knows.
    let kind: Kind?
    let holdID: HoldID?
    let user: UserID
    let item: Int64
    let unit: Int64
    let slot: Int64
    let deadline: Timestamp?
    let detail: String

    static let columns: SQL =
        "epoch, seq, idx, at, kind, hold_id, user_id, item_id, unit, user_slot, deadline, detail"

    init(_ row: PostgresBinaryRow) throws(PostgresError) {
        place = RecordPosition(epoch: try row.int64(0), seq: try row.int64(1), index: try row.int32(2))
        at = try row.timestamp(3)
        kind = Kind(rawValue: row.text(4))
        holdID = row.holdID(5)
        user = row.userID(6)
        item = row.isNull(7) ? 0 : try row.int64(7)
        unit = row.isNull(8) ? 0 : try row.int32(8)
        slot = row.isNull(9) ? 0 : try row.int32(9)
        deadline = row.isNull(10) ? nil : try row.timestamp(10)
        detail = row.text(11)
    }

    /// The parts of ``detail``.
    var fields: [String] { detail.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
}
