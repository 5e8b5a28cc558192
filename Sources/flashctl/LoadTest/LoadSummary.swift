import FlashSaleKit
import Histogram

/// What a load test found. Refusals are never counted as successes.
struct LoadSummary: Sendable {
    var plan: LoadPlan
    var tally: LoadTally
    var startedAt: Timestamp
    /// From the first connection to the end.
    var wallSeconds: Double
    /// Processor time that the generator took.
    var processorSeconds: Double
    /// Set when somebody ended the run early.
    var interruptedBy: ExitStatus?

    /// Seconds from the first request to the last answer: what rates refer to.
    var loadSeconds: Double {
        guard tally.firstSentAt > 0, tally.lastAnsweredAt > tally.firstSentAt else { return 0 }
        return Double(tally.lastAnsweredAt - tally.firstSentAt) / 1e9
    }

    /// Answers that say what was bought. This preset buys nothing: any 200 is counted here all the same.
    var purchases: UInt64 { tally.count([200]) }
    /// Answers that hand out a code.
    var accepted: UInt64 { tally.count([201]) }
    /// Correct answers that give nothing: banned, sold out, limit reached.
    var refused: UInt64 { tally.count([403, 409, 429]) }
    var serverErrors: UInt64 { tally.count(500..<600) }
    /// Requests that were sent and not answered when the run ended.
    var unanswered: UInt64 { tally.sent - tally.answered - tally.failed }
    /// Requests that were never sent.
    var unsent: UInt64 { UInt64(plan.requests) - tally.sent }

    /// Processors that the generator kept busy.
    var processors: Double { wallSeconds > 0 ? processorSeconds / wallSeconds : 0 }

    func perSecond(_ count: UInt64) -> Double {
        loadSeconds > 0 ? Double(count) / loadSeconds : 0
    }

    /// Success only when every request was answered and no answer was a server error.
    var status: ExitStatus {
        if let interruptedBy { return interruptedBy }
        let clean = serverErrors == 0 && tally.networkErrors == 0 && unanswered == 0 && unsent == 0
        return clean ? .success : .failure
    }

    /// Percentiles in reports.
    static let percentiles: [(name: String, value: Double)] = [
        ("p50", 50), ("p90", 90), ("p99", 99), ("p99.9", 99.9), ("max", 100),
    ]

    /// Latencies of each class of statuses that was seen.
    var latencies: [(statusClass: String, histogram: Histogram<UInt64>)] {
        tally.latencies.enumerated().compactMap { index, histogram in histogram.map { ("\(index)xx", $0) } }
    }

    /// Answers by status and, for refusals that say one, error code.
    var answers: [(status: Int, code: String?, count: UInt64)] {
        var rows: [(status: Int, code: String?, count: UInt64)] = []
        for (status, count) in tally.statuses.enumerated() where count > 0 {
            let refusals = tally.refusals.filter { $0.status == status && !$0.code.isEmpty }
                .sorted { $0.count > $1.count }
            for refusal in refusals {
                rows.append((status, String(decoding: refusal.code, as: UTF8.self), refusal.count))
            }
            let rest = count - refusals.reduce(0) { $0 + $1.count }
            if rest > 0 { rows.append((status, nil, rest)) }
        }
        return rows
    }

    /// Network errors by kind; a kind is either of requests or of connections.
    var networkErrors: [(kind: NetworkErrorKind, count: UInt64)] {
        NetworkErrorKind.allCases.compactMap { kind in
            let count = tally.failures[kind.rawValue] + tally.connectFailures[kind.rawValue]
            return count > 0 ? (kind, count) : nil
        }
    }
}
