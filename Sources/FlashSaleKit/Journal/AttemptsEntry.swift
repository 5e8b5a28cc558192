/// One batch of decided checkouts as the script packed it: the request lines as received, and a letter for each.
///
/// At 60,000 attempts a second nothing here may allocate per attempt: lines are read in place.
struct AttemptsEntry: Sendable {
    let id: StreamID
    let epoch: Int64
    let seq: Int64
    let at: Timestamp
    /// Number of attempts in the batch.
    let count: Int
    /// One letter for all of them, or one for each.
    let letters: [UInt8]
    /// `user\titem\n` per attempt.
    let payload: [UInt8]

    /// Nil when fields are missing or do not fit together: then nobody can tell which letter belongs to which line.
    init?(_ entry: StreamEntry) {
        guard let epoch = entry.number("e"), let seq = entry.number("q"), let time = entry.number("t"),
            let number = entry.number("n"), let count = Int32(exactly: number),
            let letters = entry.value(UInt8(ascii: "o")), let payload = entry.value(UInt8(ascii: "p")),
            letters.count == 1 || letters.count == Int(count),
            payload.withUnsafeBufferPointer({ LineReader.count($0) }) == Int(count)
        else { return nil }
        id = entry.id
        self.epoch = epoch
        self.seq = seq
        at = Timestamp(microseconds: time)
        self.count = Int(count)
        self.letters = letters
        self.payload = payload
    }

    /// One attempt that left a record.
    struct Attempt {
        /// Index in the batch, from 0.
        let index: Int32
        /// H, S, L or B.
        let letter: UInt8
        /// 1…2^63−1.
        let item: Int64
        /// Bytes of the payload; valid during the call only.
        let user: UnsafeBufferPointer<UInt8>

        /// A copy that stays valid.
        var userID: UserID { UserID(recorded: String(decoding: user, as: UTF8.self)) }
    }

    /// Hands out every attempt in order; lines that no row can hold become dead letters. A letter `h` repeats an
    /// earlier hold and has no record of its own.
    @inline(__always)
    func forEach(dead: inout [DeadLetter], _ body: (Attempt) -> Void) {
        payload.withUnsafeBufferPointer { bytes in
            letters.withUnsafeBufferPointer { letters in
                let step = letters.count == 1 ? 0 : 1
                var lines = LineReader(bytes)
                var index = 0
                while let line = lines.next() {
                    let letter = letters[index * step]
                    let fault = letter == Outcome.repeatedLetter ? nil : read(line, index, letter, body)
                    if let fault {
                        dead.append(
                            DeadLetter(
                                entryID: id,
                                index: Int32(index),
                                kind: "attempt",
                                payload: Array(line) + [9, letter],
                                sqlState: fault.sqlState,
                                reason: fault.reason,
                                step: DeadLetter.Step(epoch: epoch, seq: seq, at: at)
                            )
                        )
                    }
                    index += 1
                }
            }
        }
    }

    @inline(__always)
    private func read(
        _ line: UnsafeBufferPointer<UInt8>,
        _ index: Int,
        _ letter: UInt8,
        _ body: (Attempt) -> Void
    ) -> RowFault? {
        guard Outcome(rawValue: letter) != nil else { return .unknownOutcome }
        guard let tab = line.lastIndex(of: 9) else { return .wrongShape }
        let user = UnsafeBufferPointer(rebasing: line[..<tab])
        guard let item = Decimal63.parse(UnsafeBufferPointer(rebasing: line[(tab + 1)...])), item > 0 else {
            return .itemOutOfRange
        }
        guard TextCheck.isStorable(user) else { return .invalidText }
        body(Attempt(index: Int32(index), letter: letter, item: item, user: user))
        return nil
    }
}
