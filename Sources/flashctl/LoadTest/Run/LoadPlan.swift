import FlashSaleKit

/// What a load test does, as a value.
struct LoadPlan: Sendable, Equatable {
    /// Who decides when a request is sent.
    enum Model: Sendable, Equatable {
        /// Each connection sends its next request when it has the answer to the last one.
        case closed
        /// Requests have their times, whether the server keeps up or not.
        case open(LoadCurve, LoadArrivals)
    }

    /// When the load begins.
    enum Start: Sendable, Equatable {
        case now
        case nextHour
    }

    /// Name for reports.
    var name: String
    var target: LoadTarget
    /// Number of checkouts, or of requests of all kinds when there are several; at most, when something else ends it.
    var requests: Int
    /// Connections that are open at the same time; in the open model at most.
    var connections: Int
    /// Item ids are n mod this, plus 1.
    var items: Int
    /// Start of every user id: another one for each run, or its users would meet the limits that the last run left.
    var runID: String
    /// Threads that generate the load.
    var threads: Int
    /// Whether the threads poll instead of sleeping.
    var busyPoll = false
    /// Whether the threads of the open model run before all usual ones, where that is allowed.
    var realTime = true
    /// Seconds after which an unanswered request is a network error.
    var timeoutSeconds: Int
    /// Who comes.
    var flows: [LoadFlow]
    var model = Model.closed
    /// Seconds after which the closed model sends nothing more; nil: only the number of requests ends it.
    var durationSeconds: Double?
    /// Seconds at the beginning that are in no total.
    var warmupSeconds = 0.0
    var start = Start.now
    /// What users, actions and arrival times are made from.
    var seed: UInt64 = 0
    /// The sale that made-up codes pretend to be of.
    var saleID: SaleID?
    /// Whether every answer is remembered, to be compared with the stores afterwards.
    var keepsHistory = false

    /// How often a purchase is sent while the answer is 202; after that it counts as pending.
    static let purchaseTries = 10
    /// Longest run id: with a dash, a letter and 19 digits it stays within 64 bytes, which a table shows whole.
    static let longestRunID = 43
    /// No run sends more.
    static let mostRequests = 1_000_000_000
    /// Requests that may be due and wait for a connection, in each thread; more are given up, and counted as such.
    static let mostWaiting = 1_000_000
    /// Seconds that a run which somebody ends waits for the answers that are still to come.
    static let patience = 5

    /// A plan that a scenario describes, every number of which may be replaced.
    init(_ scenario: LoadScenario, target: LoadTarget, runID: String) {
        name = scenario.name
        requests = scenario.requests
        connections = scenario.connections
        items = scenario.items
        threads = 1
        timeoutSeconds = 30
        flows = scenario.flows
        if !scenario.isClosed { model = .open(LoadCurve(scenario.stages), scenario.arrivals) }
        start = scenario.startsOnTheHour ? .nextHour : .now
        self.target = target
        self.runID = runID
    }

    /// What each request is.
    var mix: LoadMix { LoadMix(flows, seed: seed) }

    /// Threads that have something to do.
    var workers: Int { max(1, min(threads, connections, requests)) }

    var isClosed: Bool { model == .closed }

    /// Whether real-time priority is asked for. A closed load would take the whole machine with it, and so would polls.
    var wantsRealTime: Bool { realTime && !isClosed && !busyPoll }

    /// Requests per second that are to be sent so long after the start; nil in the closed model.
    func targetRate(at second: Double) -> Double? {
        guard case .open(let curve, _) = model else { return nil }
        return curve.rate(at: second) * mix.share(at: second)
    }

    /// Share of the codes got that is paid for at once, 0…100.
    var purchasePercent: Int {
        get {
            flows.compactMap { flow in
                if case .pay(let percent) = flow.winners { percent } else { nil }
            }.max() ?? 0
        }
        set {
            for index in flows.indices {
                if case .pay = flows[index].winners { flows[index].winners = .pay(percent: newValue) }
            }
        }
    }

    /// Whether anybody does anything with codes.
    var usesCodes: Bool {
        flows.contains { $0.winners != .pay(percent: 0) || $0.action == .purchase }
    }

    /// Fails for a number out of range, before any load.
    func validate() throws(CommandFailure) {
        func check(_ value: Int, _ range: ClosedRange<Int>, _ option: String) throws(CommandFailure) {
            guard !range.contains(value) else { return }
            throw CommandFailure(
                .usage,
                "\(option) is \(value)",
                nextStep: "give a number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        try check(requests, 1...LoadPlan.mostRequests, "--requests")
        try check(connections, 1...60_000, "--connections")
        try check(threads, 1...64, "--threads")
        try check(timeoutSeconds, 1...120, "--timeout")
        try check(purchasePercent, 0...100, "--purchases")
        let allowed = runID.utf8.allSatisfy { byte in
            let character = Character(Unicode.Scalar(byte))
            return character.isASCII && (character.isLetter || character.isNumber || "-._~".contains(character))
        }
        guard allowed, (1...LoadPlan.longestRunID).contains(runID.utf8.count) else {
            throw CommandFailure(
                .usage,
                "--run-id is `\(runID.prefix(80))`",
                nextStep: "give 1 to \(LoadPlan.longestRunID) letters, digits, or any of -._~"
            )
        }
        if case .open(let curve, _) = model, curve.requests < 1 {
            throw CommandFailure(
                .usage,
                "the open model sends nothing at this rate within this time",
                nextStep: "give a --rate above 0, as 2000/s, and a --duration or --stages"
            )
        }
    }
}

extension LoadPlan {
    /// Eight letters and digits that no other run has.
    static func randomRunID() -> String {
        String((0..<8).compactMap { _ in "abcdefghijkmnpqrstuvwxyz23456789".randomElement() })
    }
}
