import ArgumentParser

/// `faultsuite run`
struct FaultsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Runs faults with many seeds.")

    @Option(help: "Names, separated by commas. Default: all of them.")
    var faults = ""

    @Option(help: "Seeds 1 to this number.")
    var seeds = 1

    @Option(help: "Only this seed.")
    var seed: Int?

    @Option(help: "Runs at a time; most of them wait.")
    var jobs = 4

    @Option(help: "Folder for results, and for the logs and data of runs that show a violation.")
    var results = ".faults"

    @Option(help: "What was built; results of the same revision are kept.")
    var revision = "unknown"

    @Flag(help: "Shorter outages, as in `make test`.")
    var bounded = false

    func validate() throws {
        if seeds < 1 || jobs < 1 { throw ValidationError("--seeds and --jobs are at least 1.") }
        let unknown = names.filter { Fault.named($0) == nil }
        if !unknown.isEmpty {
            let known = Fault.all.map(\.name).joined(separator: ", ")
            throw ValidationError("There is no fault \(unknown.joined(separator: ", ")). There are: \(known).")
        }
    }

    private var names: [String] {
        faults.isEmpty ? Fault.all.map(\.name) : faults.split(separator: ",").map(String.init)
    }

    func run() async throws {
        let file = try ResultsFile(folder: results, revision: revision)
        let range = seed.map { $0...$0 } ?? 1...seeds
        // A single seed is a repetition: it runs again.
        let jobs = FaultPlan.jobs(faults: names, seeds: range, done: seed == nil ? file.read() : [])
        Say.talk("\(jobs.count) of \(names.count * range.count) runs to do, \(self.jobs) at a time; \(file.path)")
        let plan = FaultPlan(jobs: jobs, parallel: self.jobs, folder: results, scale: bounded ? .bounded : .full)
        let folder = results
        try await Interruption.cancelling {
            try await plan.execute { report in
                try file.append(report)
                Say.result(report.line)
                for line in report.trouble(folder) { Say.result(line) }
            }
        }
        let reports = file.read().filter { names.contains($0.fault) && range.contains($0.seed) }
        for line in FaultTable(reports: reports).lines { Say.result(line) }
        if reports.contains(where: { !$0.passed }) { throw ExitCode.failure }
    }
}

extension FaultReport {
    /// What to say about broken promises, and how to see them again.
    func trouble(_ folder: String) -> [String] {
        guard !passed else { return [] }
        let most = 5
        return ["VIOLATION of \(fault) with seed \(seed):"]
            + violations.prefix(most).map { "  \($0)" }
            + (violations.count > most ? ["  and \(violations.count - most) more"] : [])
            + ["  logs and data: \(folder)/\(fault)-\(seed)"]
            + ["  repeat it: make faults FAULTS=\(fault) SEED=\(seed)"]
    }
}
