import Foundation
import Testing

@testable import faultsuite

/// Faults with one seed each; `make faults SEEDS=20` runs all of them with many.
@Suite(.serialized) struct BoundedFaultTests {
    /// What kills processes and cuts connections but destroys nothing.
    @Test func nothingIsLostWhenProcessesDie() async throws {
        try await expectPromises([
            Job("kill-server", 1), Job("kill-all-servers", 1), Job("kill-redis-always", 2), Job("kill-postgres", 1),
            Job("sigterm-under-load", 2), Job("drain-abort", 6), Job("drain-abort", 0), Job("drain-abort", 2),
            Job("script-flush", 1),
        ])
    }

    @Test func nothingIsLostWhenSomethingStandsStillOrIsCutOff() async throws {
        try await expectPromises([
            Job("stop-server", 1), Job("stop-redis", 1), Job("stop-postgres", 2), Job("postgres-away", 1),
            Job("proxy-commit-cut", 1), Job("proxy-redis-cut", 2), Job("clock-forward", 1), Job("clock-back", 2),
            Job("hour-boundary", 2),
        ])
    }

    /// What destroys data of Redis: decisions may be missing, all within the window.
    @Test func whatRedisLosesIsCountedAndNothingElseIsLost() async throws {
        try await expectPromises(
            [
                Job("kill-redis-everysec", 1), Job("redis-empty", 1), Job("redis-30s-old", 2), Job("flushall", 1),
                Job("delete-key", 2), Job("delete-key", 7), Job("recovery-abort", 5), Job("stop-recoverer", 6),
            ],
            losing: true
        )
    }

    private typealias Job = FaultPlan.Job

    private func expectPromises(
        _ jobs: [Job],
        losing: Bool = false,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "faults-\(UUID().uuidString)").path
        let plan = FaultPlan(jobs: jobs, parallel: 4, folder: folder, scale: .bounded)
        let reports = Reports()
        try await plan.execute { reports.add($0) }
        let bad = reports.all.filter { !$0.passed }.flatMap { $0.trouble(folder) }
        #expect(bad.isEmpty, "\(bad.joined(separator: "\n"))", sourceLocation: sourceLocation)
        #expect(reports.all.count == jobs.count)
        for report in reports.all {
            // A crowd that was hardly there would prove nothing.
            #expect(report.answered > 400, "\(report.line)", sourceLocation: sourceLocation)
            #expect(losing || report.lost == 0, "\(report.line)", sourceLocation: sourceLocation)
        }
        if bad.isEmpty { try FileManager.default.removeItem(atPath: folder) }
    }
}
