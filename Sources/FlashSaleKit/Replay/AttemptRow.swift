/// A row of `attempts` as a cursor hands it out.
struct AttemptRow: Sendable {
    let place: RecordPosition
    let at: Timestamp
    let item: Int64
    /// H, S, L or B; another one is a fault of the record.
    let letter: UInt8
    private let row: PostgresBinaryRow

    static let columns: SQL = "epoch, seq, idx, at, item_id, outcome, user_id"

    init(_ row: PostgresBinaryRow) throws(PostgresError) {
        place = RecordPosition(epoch: try row.int64(0), seq: try row.int64(1), index: try row.int32(2))
        at = try row.timestamp(3)
        item = try row.int64(4)
        letter = try row.letter(5)
        self.row = row
    }

    var outcome: Outcome? { Outcome(rawValue: letter) }

    /// Read only when it is asked for: most refusals do not depend on who was refused.
    var user: UserID { row.userID(6) }
}
