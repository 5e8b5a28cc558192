/// Everything that is told of a load test that has ended: tables, JSON, CSV and the page are made from this and nothing
/// else.
///
/// The engine makes one from its timeline, then sets what only the end of a run knows:
///
///     var record = LoadRecord(title: plan.name, target: "http://…", model: .open, provenance, timeline)
///     record.plan = [.init("rate", "2000/s"), …]
///     record.figures.unsent = …
///     record.figures.outcomes[.held]?.serviceTime = …
///     record.verdict.add(.invalidLoadTest, "the generator was 1.2 ms late")
struct LoadRecord: Sendable {
    /// Grows when a field changes its meaning; ``LoadBaseline`` reads no other.
    static let schemaVersion = 1

    /// Which load model was used: a closed one slows down with the server, and every report says so.
    enum Model: String, Sendable {
        case open, closed
        /// A recorded hour, sent again at its own times.
        case scheduled

        var explanation: String {
            switch self {
            case .open: "open: requests are sent at their time, whether or not others are answered"
            case .closed: "closed: each connection waits for its answer, so a slow server gets less load"
            case .scheduled: "scheduled: each request has the time of a recorded one"
            }
        }
    }

    /// How often a status and an error code were answered.
    struct Answer: Sendable, Equatable {
        var status: Int
        var error: String?
        var count: UInt64
    }

    /// A name and a value for people.
    struct Fact: Sendable, Equatable {
        var name: String
        var value: String

        init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The preset or the scenario.
    var title: String
    var target: String
    var model: Model
    /// What was asked for, in the order in which it is read best.
    var plan: [Fact] = []
    /// What became of the codes that were got; empty when nobody does anything with codes.
    var purchases: [Fact] = []
    var provenance: LoadProvenance
    /// Without the warm-up.
    var figures: LoadFigures
    /// With the warm-up.
    var timeline: [LoadPoint]
    /// Answers by status and, for those that say one, error code.
    var answers: [Answer] = []
    /// Requests and connections that ended without an answer, by kind.
    var networkErrors: [(kind: String, count: UInt64)] = []
    var thresholds: [LoadThreshold.Result] = []
    var search: LoadSearch?
    var comparison: LoadComparison?
    /// Nil unless it was asked for.
    var verification: LoadVerification? {
        didSet {
            figures.oversold = verification?.oversold
            figures.violations = verification?.violations
        }
    }
    var verdict = LoadVerdict()

    init(title: String, target: String, model: Model, _ provenance: LoadProvenance, _ timeline: LoadTimeline) {
        self.title = title
        self.target = target
        self.model = model
        self.provenance = provenance
        figures = timeline.figures
        self.timeline = timeline.points
    }

    /// The fact of a plan that is another one in every run.
    static let runName = "run id"

    /// The three numbers that count, never mixed.
    static let headlines: [(name: String, group: LoadGroup)] = [
        ("committed purchases", LoadGroup(.purchased)),
        ("accepted checkouts", LoadGroup(.held)),
        ("refusals", .refusals),
    ]

    /// Percentiles in reports, after their names.
    static let percentiles: [(name: String, value: Double)] = [
        ("p50", 50), ("p75", 75), ("p90", 90), ("p95", 95), ("p99", 99), ("p99.9", 99.9), ("p99.99", 99.99),
        ("max", 100),
    ]

    /// Outcomes that were seen, as they are declared.
    var seenOutcomes: [LoadOutcome] {
        LoadOutcome.allCases.filter { figures.outcomes[$0].map { $0.count > 0 } ?? false }
    }

    /// Judges thresholds by the sums of the run; each that is crossed is a reason of the verdict.
    mutating func judge(_ thresholds: [LoadThreshold]) {
        self.thresholds = thresholds.map { $0.result(for: figures) }
        for result in self.thresholds where result.isFailure {
            verdict.add(.thresholdFailed, result.sentence)
        }
    }

    /// Puts an earlier run beside this one; each regression is a reason of the verdict.
    mutating func compare(with baseline: LoadBaseline, tolerances: [LoadTolerance]) {
        let comparison = LoadComparison(self, with: baseline, tolerances: tolerances)
        self.comparison = comparison
        for reason in comparison.reasons { verdict.add(.thresholdFailed, reason) }
    }
}
