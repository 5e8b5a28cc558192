/// What the rows `reconciled` of the ledger say besides who made them: which records are known to be lost, because a
/// row in their place was written at another step.
struct ReconciledNotes: Sendable, Equatable {
    /// Steps that no record has any more.
    var gaps: [ClosedRange<Int64>] = []
    /// By how many rows a table has more than its cursor says.
    var rows: [JournalStream: Int64] = [:]
    /// The same for entries.
    var entries: [JournalStream: Int64] = [:]

    /// Steps of each stream that were lost in a gap of the journal: what stood there is on no record any more.
    var lost: [JournalStream: [ClosedRange<Int64>]] = [:]

    /// Last step at which a reconciliation has written holds, or that a gap has swallowed: the sums in front of it are
    /// others than they were.
    var lastStep: Int64 = 0

    /// Words with which a note begins.
    enum Word: String { case gap, rows, entries, lostLedger = "lost-ledger", lostAttempts = "lost-attempts" }

    /// Takes over one row; the first row of a step has the plan and not a note.
    mutating func take(_ detail: String) {
        let parts = detail.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let word = Word(rawValue: parts[0]), let number = Int64(parts[2]) else { return }
        switch word {
        case .gap:
            if let first = Int64(parts[1]), first <= number { gaps.append(first...number) }
        case .lostLedger, .lostAttempts:
            guard let first = Int64(parts[1]), first <= number else { return }
            lost[word == .lostLedger ? .ledger : .attempts, default: []].append(first...number)
            lastStep = max(lastStep, number)
        case .rows:
            if let stream = JournalStream(rawValue: parts[1]) { rows[stream, default: 0] += number }
        case .entries:
            if let stream = JournalStream(rawValue: parts[1]) { entries[stream, default: 0] += number }
        }
    }

    /// Whether this step of this stream was lost in a gap.
    func isLost(_ stream: JournalStream, _ seq: Int64) -> Bool {
        lost[stream]?.contains { $0.contains(seq) } == true
    }

    /// Whether a step without any record is explained by a note.
    func explains(_ seq: Int64) -> Bool {
        gaps.contains { $0.contains(seq) } || JournalStream.allCases.contains { isLost($0, seq) }
    }

    /// Whether a hold lacks its attempt, or an attempt its hold, because of a gap. What a reconciliation writes into a
    /// gap of the ledger has no attempt beside it.
    func explainsLoneRow(_ seq: Int64, isHold: Bool) -> Bool {
        isLost(.ledger, seq) || isHold && isLost(.attempts, seq)
    }

    /// The texts of the rows.
    static func lost(_ stream: JournalStream, _ range: ClosedRange<Int64>) -> String {
        let word: Word = stream == .ledger ? .lostLedger : .lostAttempts
        return "\(word.rawValue)\t\(range.lowerBound)\t\(range.upperBound)"
    }
    static func gap(_ range: ClosedRange<Int64>) -> String { "\(Word.gap)\t\(range.lowerBound)\t\(range.upperBound)" }
    static func rows(_ stream: JournalStream, _ number: Int64) -> String { "\(Word.rows)\t\(stream)\t\(number)" }
    static func entries(_ stream: JournalStream, _ number: Int64) -> String { "\(Word.entries)\t\(stream)\t\(number)" }
}
