import FlashSaleKit
import Histogram

/// What a load test found. Refusals are never counted as successes.
struct LoadSummary: Sendable {
    var plan: LoadPlan
    /// All counts of a run by schedule: its purchases and returns are no shares of codes.
    var scheduled: LoadCounts?
    /// The checkouts.
    var tally: LoadTally
    /// The purchases.
    var purchasing = PurchaseTotals()
    var startedAt: Timestamp
    /// From the first connection to the end.
    var wallSeconds: Double
    /// Processor time that the generator took.
    var processorSeconds: Double
    /// Set when somebody ended the run early.
    var interruptedBy: ExitStatus?

    /// Seconds from the first request to the last answer of any kind: what rates refer to.
    var loadSeconds: Double {
        var all = tally
        all.lastAnsweredAt = max(all.lastAnsweredAt, purchasing.tally.requests.lastAnsweredAt)
        return all.seconds
    }

    /// Codes for which a purchase was answered 200: the server says that it is in Postgres.
    var purchases: UInt64 { purchasing.tally.committed }
    /// Answers to requests of both kinds.
    var allAnswers: UInt64 { tally.answered + purchasing.tally.requests.answered }
    /// Answers that hand out a code.
    var accepted: UInt64 { tally.count([201]) }
    /// Correct answers that give nothing: banned, sold out, limit reached.
    var refused: UInt64 { tally.count([403, 409, 429]) }
    /// Server errors and network errors of both kinds of requests.
    var serverErrors: UInt64 { tally.count(500..<600) + purchasing.tally.requests.count(500..<600) }
    var allNetworkErrors: UInt64 { tally.networkErrors + purchasing.tally.requests.networkErrors }
    /// Checkouts that were sent and not answered when the run ended.
    var unanswered: UInt64 { tally.inFlight }
    /// Checkouts that were never sent.
    var unsent: UInt64 { UInt64(plan.requests) - tally.sent }

    /// Processors that the generator kept busy.
    var processors: Double { wallSeconds > 0 ? processorSeconds / wallSeconds : 0 }

    func perSecond(_ count: UInt64) -> Double {
        loadSeconds > 0 ? Double(count) / loadSeconds : 0
    }

    /// Success only when every request was answered, every purchase finally so, and no answer was a server error.
    var status: ExitStatus {
        if let interruptedBy { return interruptedBy }
        let clean =
            scheduledErrors == 0 && serverErrors == 0 && allNetworkErrors == 0 && unanswered == 0 && unsent == 0
            && purchasing.isClean
        return clean ? .success : .failure
    }

    /// Purchases and returns of a schedule that got a server error or no answer.
    var scheduledErrors: UInt64 {
        guard let scheduled else { return 0 }
        return [scheduled.purchases.requests, scheduled.releases].reduce(0) { sum, tally in
            sum + tally.count(500..<600) + tally.networkErrors + tally.inFlight
        }
    }

    /// Percentiles in reports.
    static let percentiles: [(name: String, value: Double)] = [
        ("p50", 50), ("p90", 90), ("p99", 99), ("p99.9", 99.9), ("max", 100),
    ]

    /// Latencies of the checkouts of each class of statuses that was seen.
    var latencies: [(statusClass: String, histogram: Histogram<UInt64>)] { tally.latenciesByClass }

    /// Answers to checkouts by status and, for refusals that say one, error code.
    var answers: [(status: Int, code: String?, count: UInt64)] { tally.answers }

    /// Network errors by kind; a kind is either of requests or of connections.
    var networkErrors: [(kind: NetworkErrorKind, count: UInt64)] {
        NetworkErrorKind.allCases.compactMap { kind in
            let requests = tally.failures[kind.rawValue] + purchasing.tally.requests.failures[kind.rawValue]
            let count = requests + tally.connectFailures[kind.rawValue]
            return count > 0 ? (kind, count) : nil
        }
    }
}

extension LoadTally {
    /// Latencies of each class of statuses that was seen.
    var latenciesByClass: [(statusClass: String, histogram: Histogram<UInt64>)] {
        latencies.enumerated().compactMap { index, histogram in histogram.map { ("\(index)xx", $0) } }
    }

    /// Answers by status and, for refusals that say one, error code.
    var answers: [(status: Int, code: String?, count: UInt64)] {
        var rows: [(status: Int, code: String?, count: UInt64)] = []
        for (status, count) in statuses.enumerated() where count > 0 {
            let told = refusals.filter { $0.status == status && !$0.code.isEmpty }.sorted { $0.count > $1.count }
            for refusal in told {
                rows.append((status, String(decoding: refusal.code, as: UTF8.self), refusal.count))
            }
            let rest = count - told.reduce(0) { $0 + $1.count }
            if rest > 0 { rows.append((status, nil, rest)) }
        }
        return rows
    }
}
