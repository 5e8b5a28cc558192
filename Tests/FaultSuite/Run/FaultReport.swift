/// What one run of a fault has shown.
struct FaultReport: Sendable, Equatable {
    let fault: String
    let seed: Int
    /// Requests of all clients.
    var operations = 0
    /// Checkouts that were answered with a decision.
    var answered = 0
    /// How many attempts are missing within a loss of Redis data.
    var lostAttempts = 0
    /// How many rows of the ledger are: holds, releases, and purchases that were answered 202.
    var lostRows = 0
    /// How long before the loss the oldest of them was answered, in milliseconds.
    var window = 0
    /// From the end of the fault until a checkout was decided and a purchase was answered with a receipt.
    var recovery = 0
    /// How long the run took, in milliseconds.
    var elapsed = 0
    var violations: [String] = []

    /// Records that went with Redis data.
    var lost: Int { lostAttempts + lostRows }

    var passed: Bool { violations.isEmpty }

    /// One line of the results file.
    var line: String {
        let numbers = [
            seed, operations, answered, lostAttempts, lostRows, window, recovery, elapsed, violations.count,
        ]
        let first = violations.first.map { sentence in
            String(sentence.map { $0.isNewline || $0 == "\t" ? " " : $0 }.prefix(400))
        }
        return ([fault] + numbers.map(String.init) + [first ?? "-"]).joined(separator: "\t")
    }

    init(fault: String, seed: Int) {
        self.fault = fault
        self.seed = seed
    }

    /// Reads a line of the results file; nil when it is none, e.g. because its writer was killed.
    init?(line: String) {
        let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        let numbers = cells.dropFirst().prefix(9).compactMap { Int($0) }
        guard cells.count == 11, numbers.count == 9 else { return nil }
        self.init(fault: cells[0], seed: numbers[0])
        (operations, answered, lostAttempts, lostRows) = (numbers[1], numbers[2], numbers[3], numbers[4])
        (window, recovery, elapsed) = (numbers[5], numbers[6], numbers[7])
        violations = numbers[8] == 0 ? [] : [cells[10]] + Array(repeating: "see the log", count: numbers[8] - 1)
    }
}
