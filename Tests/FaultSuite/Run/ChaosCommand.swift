import ArgumentParser

/// `faultsuite chaos`
struct ChaosCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chaos",
        abstract: "Minutes of random faults, three servers, 10,000 units and three times as many wishes."
    )

    @Option(help: "How long faults strike.")
    var minutes = 5.0

    @Option(help: "What the random choices come from.")
    var seed = 1

    @Option(help: "Folder for the logs and the data of a run that shows a violation.")
    var results = ".faults"

    func validate() throws {
        if minutes <= 0 { throw ValidationError("--minutes is more than 0.") }
    }

    func run() async throws {
        let run = ChaosRun(minutes: minutes, seed: seed, folder: "\(results)/chaos-\(seed)")
        try await Interruption.cancelling {
            let outcome = try await run.execute()
            for line in ChaosReport(minutes: run.minutes, outcome: outcome).lines { Say.result(line) }
            if !outcome.report.passed { throw ExitCode.failure }
        }
    }
}

/// The report of a chaos run, in Markdown.
struct ChaosReport {
    let minutes: Double
    let outcome: ChaosRun.Outcome

    var lines: [String] {
        let report = outcome.report
        let purchases = outcome.books.purchases
        let most = Dictionary(grouping: purchases, by: \.user).values.map(\.count).max() ?? 0
        let facts: [[String]] = [
            ["what", "figure"],
            ["stock", "\(outcome.setup.stock)"],
            ["purchases", "\(purchases.count)"],
            ["distinct units", "\(Set(purchases.map(\.unit)).count)"],
            ["distinct holds among them", "\(Set(purchases.map(\.hold)).count)"],
            ["most units of one user", "\(most) of \(outcome.setup.limit)"],
            ["requests", "\(report.operations)"],
            ["answered decisions", "\(report.answered)"],
            ["attempts lost with Redis data", "\(report.lostAttempts)"],
            ["ledger rows lost with Redis data", "\(report.lostRows)"],
            ["oldest of them before the loss", "\(report.window) ms"],
            ["faults", "\(outcome.blows.count)"],
            ["longest recovery", "\(report.recovery) ms"],
            ["violations", "\(report.violations.count)"],
        ]
        let blows = outcome.blows.map { ["\($0.second)", $0.fault, "\($0.recovery)"] }
        return ["## \(minutes) minutes of chaos, seed \(report.seed)", ""] + FaultTable.markdown(facts) + [""]
            + FaultTable.markdown([["second", "fault", "recovered after (ms)"]] + blows) + [""]
            + report.violations.prefix(20).map { "- VIOLATION: \($0)" }
    }
}
