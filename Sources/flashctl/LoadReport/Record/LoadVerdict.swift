/// How a load test ends: the status of the process, and why.
struct LoadVerdict: Sendable, Equatable {
    var status: ExitStatus = .success
    /// Whole sentences, the weightiest first; empty when all is well.
    var reasons: [String] = []

    /// What weighs more comes first: what the person at the terminal wanted, then a broken promise, then a measurement
    /// that means nothing, then a threshold, then errors.
    private static let order: [ExitStatus] = [
        .interrupted, .terminated, .invariantViolated, .invalidLoadTest, .thresholdFailed, .failure,
    ]

    /// Adds a reason; the weightier status stays.
    mutating func add(_ status: ExitStatus, _ reason: String) {
        if LoadVerdict.weight(status) < LoadVerdict.weight(self.status) {
            self.status = status
            reasons.insert(reason, at: 0)
        } else {
            reasons.append(reason)
        }
    }

    private static func weight(_ status: ExitStatus) -> Int {
        order.firstIndex(of: status) ?? (status == .success ? order.count + 1 : order.count)
    }

    /// In one word or two.
    var word: String {
        switch status {
        case .success: "OK"
        case .invalidLoadTest: "INVALID"
        case .invariantViolated: "PROMISE BROKEN"
        case .thresholdFailed: "THRESHOLD FAILED"
        case .interrupted, .terminated: "INTERRUPTED"
        default: "FAILED"
        }
    }

    /// All of it in sentences.
    var text: String {
        if !reasons.isEmpty { return reasons.joined(separator: "; ") }
        return status == .success ? "every check holds" : status.explanation
    }

    var style: TextStyle {
        switch status {
        case .success: .green
        case .interrupted, .terminated: .yellow
        default: .red
        }
    }
}
