/// What a load test does, as a value.
struct LoadPlan: Sendable, Equatable {
    /// Name for reports.
    var name: String
    var target: LoadTarget
    /// Number of checkouts, each of another user.
    var requests: Int
    /// Connections that are open at the same time.
    var connections: Int
    /// Item ids are n mod this, plus 1.
    var items: Int
    /// Start of every user id: another one for each run, or its users would meet the limits that the last run left.
    var runID: String
    /// Threads that generate the load.
    var threads: Int
    /// Seconds after which an unanswered request is a network error.
    var timeoutSeconds: Int
    /// Share of the codes got that is paid for, 0…100.
    var purchasePercent = 0

    /// How often a purchase is sent while the answer is 202; after that it counts as pending.
    static let purchaseTries = 10
    /// Longest run id: with a dash and 19 digits it stays within the 64 bytes of a user id.
    static let longestRunID = 44

    /// A plan that a preset describes, every number of which may be replaced.
    init(_ preset: LoadPreset, target: LoadTarget, runID: String) {
        name = preset.name
        requests = preset.requests
        connections = preset.connections
        items = preset.items
        threads = 1
        timeoutSeconds = 30
        self.target = target
        self.runID = runID
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
        try check(requests, 1...1_000_000_000, "--requests")
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
    }
}

/// A named workload.
struct LoadPreset: Sendable, Equatable {
    var name: String
    var requests: Int
    var connections: Int
    var items: Int

    /// A million users who each check out once, over 2,000 connections.
    static let megaload = LoadPreset(name: "megaload", requests: 1_000_000, connections: 2000, items: 100_000)

    static let all = [megaload]
}

extension LoadPlan {
    /// Eight letters and digits that no other run has.
    static func randomRunID() -> String {
        String((0..<8).compactMap { _ in "abcdefghijkmnpqrstuvwxyz23456789".randomElement() })
    }
}
