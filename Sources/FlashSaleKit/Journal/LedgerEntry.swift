/// A row of the table `ledger`, decoded from one line of the stream.
struct LedgerRow: Sendable, Equatable {
    /// Kinds that the stream writes; `reconciled` is written by people only.
    enum Kind: String, Sendable {
        case opened, rebuilt, held, purchased, expired, released, control, ban, unban
    }

    let entryID: StreamID
    let epoch: Int64
    let seq: Int64
    let index: Int32
    let at: Timestamp
    let kind: Kind
    var holdID: HoldID?
    /// Empty when the row is about no user.
    var userID = UserID.empty
    var itemID: Int64 = 0
    var unit: Int64 = 0
    var userSlot: Int64 = 0
    var deadline: Timestamp?
    /// Held: whether an Idempotency-Key chose the code; purchased: the ticket; else the fields without a column.
    var detail: String?
    /// The line it came from, for `dead_letter`.
    let line: [UInt8]
}

/// Decodes entries of the ledger. Lines that no row can hold become dead letters and harm no other line.
enum LedgerEntry {
    /// Largest unit and slot: both columns are `integer`.
    private static let maximumInteger = Int64(Int32.max)

    static func decode(_ entry: StreamEntry, rows: inout [LedgerRow], dead: inout [DeadLetter]) {
        guard let epoch = entry.number("e"), let seq = entry.number("q"), let time = entry.number("t"),
            let name = entry.value(UInt8(ascii: "k")), let payload = entry.value(UInt8(ascii: "p")),
            let kind = LedgerRow.Kind(rawValue: String(decoding: name, as: UTF8.self)),
            let deadline = kind == .held ? entry.number("d") : 0
        else {
            dead.append(.whole(entry))
            return
        }
        payload.withUnsafeBufferPointer { bytes in
            var lines = LineReader(bytes)
            while let line = lines.next() {
                var row = LedgerRow(
                    entryID: entry.id,
                    epoch: epoch,
                    seq: seq,
                    index: index(of: line),
                    at: Timestamp(microseconds: time),
                    kind: kind,
                    line: Array(line)
                )
                if let fault = fill(&row, LineReader.fields(line)) {
                    dead.append(
                        DeadLetter(
                            entryID: entry.id,
                            index: row.index,
                            kind: kind.rawValue,
                            payload: row.line,
                            sqlState: fault.sqlState,
                            reason: fault.reason,
                            step: DeadLetter.Step(epoch: epoch, seq: seq, at: row.at)
                        )
                    )
                    continue
                }
                if kind == .held { row.deadline = Timestamp(microseconds: deadline) }
                rows.append(row)
            }
        }
    }

    /// Index that a line says it has in its batch, −1 when it does not say.
    private static func index(of line: UnsafeBufferPointer<UInt8>) -> Int32 {
        Decimal63.parse(line.prefix { $0 != 9 }).flatMap { Int32(exactly: $0) } ?? -1
    }

    private typealias Field = UnsafeBufferPointer<UInt8>

    /// Takes the fields behind the index into the row; the fault when they do not fit its kind.
    private static func fill(_ row: inout LedgerRow, _ fields: [UnsafeBufferPointer<UInt8>]) -> RowFault? {
        guard row.index >= 0 else { return .wrongShape }
        switch row.kind {
        case .held:
            guard fields.count == 5 else { return .wrongShape }
            row.detail = text(fields[4])
            return buyer(&row, hold: fields[1], user: fields[2], item: fields[3])
        case .expired, .released:
            guard fields.count == 4 else { return .wrongShape }
            return buyer(&row, hold: fields[1], user: fields[2], item: fields[3])
        case .purchased:
            guard fields.count == 7, let unit = integer(fields[2]), let slot = integer(fields[3]) else {
                return .wrongShape
            }
            guard let ticket = text(fields[6]) else { return .invalidText }
            (row.unit, row.userSlot, row.detail) = (unit, slot, ticket)
            return buyer(&row, hold: fields[1], user: fields[4], item: fields[5])
        case .ban, .unban:
            guard fields.count == 4 else { return .wrongShape }
            guard let user = user(fields[1]), let detail = joined(fields[2...]) else {
                return .invalidText
            }
            (row.userID, row.detail) = (user, detail)
        case .control, .opened, .rebuilt:
            guard fields.count == 5 else { return .wrongShape }
            guard let detail = joined(fields[1...]) else { return .invalidText }
            row.detail = detail
        }
        return nil
    }

    private static func buyer(_ row: inout LedgerRow, hold: Field, user: Field, item: Field) -> RowFault? {
        guard let holdID = HoldID(hex: hold) else { return .wrongShape }
        guard let itemID = Decimal63.parse(item), itemID > 0 else { return .itemOutOfRange }
        guard let userID = self.user(user) else { return .invalidText }
        (row.holdID, row.userID, row.itemID) = (holdID, userID, itemID)
        return nil
    }

    private static func integer(_ field: Field) -> Int64? {
        guard let value = Decimal63.parse(field), (1...maximumInteger).contains(value) else { return nil }
        return value
    }

    private static func text(_ field: Field) -> String? {
        if field.isEmpty { return "" }
        return TextCheck.isStorable(field) ? String(decoding: field, as: UTF8.self) : nil
    }

    private static func user(_ field: Field) -> UserID? {
        TextCheck.isStorable(field) ? UserID(recorded: field) : nil
    }

    private static func joined(_ fields: ArraySlice<UnsafeBufferPointer<UInt8>>) -> String? {
        var parts: [String] = []
        for field in fields {
            guard let part = text(field) else { return nil }
            parts.append(part)
        }
        return parts.joined(separator: "\t")
    }
}

extension DeadLetter {
    /// A whole entry that cannot be cut into rows.
    static func whole(_ entry: StreamEntry) -> DeadLetter {
        DeadLetter(
            entryID: entry.id,
            index: -1,
            kind: "entry",
            payload: entry.serialized,
            sqlState: RowFault.malformedEntry.sqlState,
            reason: RowFault.malformedEntry.reason
        )
    }
}
