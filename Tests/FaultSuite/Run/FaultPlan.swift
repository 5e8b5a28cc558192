import Foundation

/// Faults times seeds, some of them at a time.
struct FaultPlan: Sendable {
    struct Job: Sendable, Equatable {
        let fault: String
        let seed: Int

        init(_ fault: String, _ seed: Int) {
            self.fault = fault
            self.seed = seed
        }
    }

    let jobs: [Job]
    let parallel: Int
    /// Where the logs of runs with a violation are kept.
    let folder: String
    var scale = Fault.Scale.full

    /// Those that have no result yet. Seed by seed, so that an interrupted run has seen every fault.
    static func jobs(faults: [String], seeds: ClosedRange<Int>, done: [FaultReport]) -> [Job] {
        let known = Set(done.map { "\($0.fault) \($0.seed)" })
        return seeds.flatMap { seed in faults.map { Job($0, seed) } }
            .filter { !known.contains("\($0.fault) \($0.seed)") }
    }

    /// Runs all jobs; each result is handed over as soon as it is there. A run in which the suite itself failed counts
    /// as one with a violation: it has shown nothing.
    func execute(_ finished: @Sendable (FaultReport) throws -> Void) async throws {
        try await withThrowingTaskGroup(of: FaultReport.self) { tasks in
            var waiting = jobs[...]
            for _ in 0..<max(1, parallel) {
                guard let job = waiting.popFirst() else { break }
                tasks.addTask { await run(job) }
            }
            while let report = try await tasks.next() {
                try Task.checkCancellation()
                try finished(report)
                if let job = waiting.popFirst() { tasks.addTask { await run(job) } }
            }
        }
    }

    private func run(_ job: Job) async -> FaultReport {
        var failed = FaultReport(fault: job.fault, seed: job.seed)
        guard let fault = Fault.named(job.fault) else {
            failed.violations = ["there is no fault \(job.fault)"]
            return failed
        }
        let run = FaultRun(fault: fault, seed: job.seed, scale: scale, folder: "\(folder)/\(job.fault)-\(job.seed)")
        do {
            return try await run.execute()
        } catch {
            failed.violations = ["the run could not be finished: \(error)"]
            return failed
        }
    }
}
