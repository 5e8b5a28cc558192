import FlashSaleKit
import Histogram

/// What a load test found. Refusals are never counted as successes.
struct LoadSummary: Sendable {
    var plan: LoadPlan
    /// All counts of a run by schedule: its purchases and returns are no shares of codes.
    var scheduled: LoadCounts?
    /// The checkouts, those included that must be refused.
    var tally: LoadTally
    /// The purchases.
    var purchasing = PurchaseTotals()
    /// Purchases with codes that were made up.
    var guesses = LoadTally(.purchase)
    /// Holds that were given back.
    var releases = LoadTally(.giveBack)
    /// How the times of the open model were kept.
    var timing = ScheduleTally()
    /// What was due while it was still warming up; nil without that.
    var warm: LoadCounts?
    var startedAt: Timestamp
    /// From the first connection to the end.
    var wallSeconds: Double
    /// Processor time that the generator took.
    var processorSeconds: Double
    /// Busy share of the processors that the generator may use, 0…1, from its first second on.
    var busyShare = 0.0
    /// Set when somebody ended the run early.
    var interruptedBy: ExitStatus?
    /// Whether the generator ran before all usual threads of the machine.
    var isRealTime = false
    /// What the server has said, of each worker; empty unless the plan keeps it.
    var histories: [LoadHistory] = []
    /// What came out when it was compared with the stores; nil when nobody asked.
    var verification: LoadVerification?

    /// All kinds of requests.
    var tallies: [LoadTally] {
        [tally, scheduled?.purchases.requests ?? purchasing.tally.requests, guesses, releases]
    }

    /// A figure of all kinds of requests.
    private func sum(_ figure: (LoadTally) -> UInt64) -> UInt64 { tallies.reduce(0) { $0 + figure($1) } }

    /// Outcomes of all kinds of requests, with their times.
    var times: OutcomeTimes {
        var times = tally.times
        for tally in tallies.dropFirst() { times.add(tally.times) }
        return times
    }

    /// Seconds from the first request to the last answer of any kind: what rates refer to.
    var loadSeconds: Double {
        var all = tally
        for other in tallies.dropFirst() {
            all.lastAnsweredAt = max(all.lastAnsweredAt, other.lastAnsweredAt)
            if other.firstSentAt > 0 {
                all.firstSentAt = all.firstSentAt > 0 ? min(all.firstSentAt, other.firstSentAt) : other.firstSentAt
            }
        }
        return all.seconds
    }

    /// Codes for which a purchase was answered 200: the server says that it is in Postgres.
    var purchases: UInt64 { scheduled?.purchases.requests.count([200]) ?? purchasing.tally.committed }
    /// Requests of all kinds that were written to a connection.
    var allSent: UInt64 { sum(\.sent) }
    /// Answers to requests of all kinds.
    var allAnswers: UInt64 { sum(\.answered) }
    /// Answers that hand out a code.
    var accepted: UInt64 { tally.count([201]) }
    /// Correct answers of any kind that give nothing: banned, sold out, limit reached, code unknown, and so on.
    var refused: UInt64 {
        let times = times
        return LoadOutcome.allCases.filter(\.isRefusal).reduce(0) { $0 + times.count($1) }
    }
    /// Server errors and network errors of all kinds of requests.
    var serverErrors: UInt64 { sum { $0.count(500..<600) } }
    var allNetworkErrors: UInt64 { sum(\.networkErrors) }
    /// Answers below 500 that the API does not know.
    var strangeAnswers: UInt64 {
        let errors = times.count(.serverError) + times.count(.unavailable)
        return errors - min(errors, serverErrors)
    }
    /// Requests without an answer in time.
    var timedOut: UInt64 { times.count(.timedOut) }
    /// Requests that were sent and not answered when the run ended, purchases of codes apart.
    var unanswered: UInt64 {
        tally.inFlight + guesses.inFlight + releases.inFlight + (scheduled?.purchases.requests.inFlight ?? 0)
    }

    /// Requests of the plan whose time had come: in the closed model those that were taken from it.
    var scheduledRequests: UInt64 {
        let planned = timing.scheduled + (warm?.timing.scheduled ?? 0)
        return planned > 0 ? planned : tally.sent
    }

    /// Requests of the plan that were never sent.
    var unsent: UInt64 {
        if !plan.isClosed { return timing.givenUp }
        if plan.durationSeconds != nil, interruptedBy == nil { return 0 }
        let planned = UInt64(plan.requests)
        return planned - min(planned, scheduledRequests)
    }

    /// Processors that the generator kept busy.
    var processors: Double { wallSeconds > 0 ? processorSeconds / wallSeconds : 0 }

    func perSecond(_ count: UInt64) -> Double {
        loadSeconds > 0 ? Double(count) / loadSeconds : 0
    }

    /// Success only when the generator was not the limit, and the run is clean.
    var status: ExitStatus {
        if let interruptedBy { return interruptedBy }
        if !invalidBecause.isEmpty { return .invalidLoadTest }
        return isClean ? .success : .failure
    }

    /// Whether every request was answered, every purchase finally so, and no answer was a server error.
    var isClean: Bool {
        serverErrors == 0 && allNetworkErrors == 0 && unanswered == 0 && unsent == 0 && strangeAnswers == 0
            && purchasing.isClean
    }

    /// Percentiles in reports.
    static let percentiles: [(name: String, value: Double)] = [
        ("p50", 50), ("p90", 90), ("p99", 99), ("p99.9", 99.9), ("max", 100),
    ]

    /// Latencies of each outcome that was seen, of all kinds of requests, from the intended send time.
    var latencies: [(outcome: LoadOutcome, histogram: Histogram<UInt64>)] {
        let times = times
        return times.seen.compactMap { outcome in times.latency(outcome).map { (outcome, $0) } }
    }

    /// The same from the actual send time.
    var serviceTimes: [(outcome: LoadOutcome, histogram: Histogram<UInt64>)] {
        let times = times
        return times.seen.compactMap { outcome in times.service(outcome).map { (outcome, $0) } }
    }

    /// Answers to checkouts by status and, for refusals that say one, error code.
    var answers: [(status: Int, code: String?, count: UInt64)] { tally.answers }

    /// Answers to requests of all kinds by status and error code.
    var allAnswersByStatus: [LoadRecord.Answer] {
        var answers: [LoadRecord.Answer] = []
        for row in tallies.flatMap(\.answers) {
            if let index = answers.firstIndex(where: { $0.status == row.status && $0.error == row.code }) {
                answers[index].count += row.count
            } else {
                answers.append(LoadRecord.Answer(status: row.status, error: row.code, count: row.count))
            }
        }
        return answers.sorted { ($0.status, $1.count) < ($1.status, $0.count) }
    }

    /// Network errors by kind; a kind is either of requests or of connections.
    var networkErrors: [(kind: NetworkErrorKind, count: UInt64)] {
        NetworkErrorKind.allCases.compactMap { kind in
            let count = sum { $0.failures[kind.rawValue] + $0.connectFailures[kind.rawValue] }
            return count > 0 ? (kind, count) : nil
        }
    }
}

extension LoadTally {
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
