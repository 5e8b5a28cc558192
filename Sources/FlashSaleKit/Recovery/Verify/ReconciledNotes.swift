/// What the rows `reconciled` of the ledger say besides who made them: which records are known to be lost, because a
/// row in their place was written at another step.
struct ReconciledNotes: Sendable, Equatable {
    /// Steps that no record has any more.
    var gaps: [ClosedRange<Int64>] = []
    /// By how many rows a table has more than its cursor says.
    var rows: [JournalStream: Int64] = [:]
    /// The same for entries.
    var entries: [JournalStream: Int64] = [:]

    /// Last step at which a reconciliation has written holds: the sums in front of it are others than they were.
    var lastStep: Int64 = 0

    /// Words with which a note begins.
    enum Word: String { case gap, rows, entries }

    /// Takes over one row; the first row of a step has the plan and not a note.
    mutating func take(_ detail: String) {
        let parts = detail.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let word = Word(rawValue: parts[0]), let number = Int64(parts[2]) else { return }
        switch word {
        case .gap:
            if let first = Int64(parts[1]), first <= number { gaps.append(first...number) }
        case .rows:
            if let stream = JournalStream(rawValue: parts[1]) { rows[stream, default: 0] += number }
        case .entries:
            if let stream = JournalStream(rawValue: parts[1]) { entries[stream, default: 0] += number }
        }
    }

    /// The texts of the rows.
    static func gap(_ range: ClosedRange<Int64>) -> String { "\(Word.gap)\t\(range.lowerBound)\t\(range.upperBound)" }
    static func rows(_ stream: JournalStream, _ number: Int64) -> String { "\(Word.rows)\t\(stream)\t\(number)" }
    static func entries(_ stream: JournalStream, _ number: Int64) -> String { "\(Word.entries)\t\(stream)\t\(number)" }
}
