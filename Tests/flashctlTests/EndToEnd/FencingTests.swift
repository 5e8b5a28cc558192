import FlashSaleKit
import Foundation
import Testing

@testable import flashctl

/// A process that was stopped for 15 s and wakes up cannot write anything: others have taken over.
@Suite(.serialized) struct FencingTests {
    private static let stop = Duration.seconds(15)

    /// Runs the cases at the same time: each of them mostly waits.
    private func concurrently(
        _ cases: [String],
        _ body: @escaping @Sendable (CommandStack, String) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in cases { group.addTask { try await CommandStack.with { try await body($0, name) } } }
            try await group.waitForAll()
        }
    }

    private static func seed(_ stores: CommandStack) async throws {
        let outcome = try await BuiltBinary.run(
            [
                "seed-sale", "--name", "Lamp", "--image-url", "https://example.com/lamp.png", "--stock", "600",
                "--limit", "5", "--start", "this-hour", "--duration", "3h",
            ] + stores.addresses
        )
        #expect(outcome.status == 0, "\(outcome)")
    }

    private static func arm(_ failpoint: String) -> [String: String] { ["FLASHCTL_FAILPOINT": "\(failpoint)=stop"] }

    private static func untilStopped(_ binary: RunningBinary, _ failpoint: String) async throws
        -> ContinuousClock.Instant
    {
        try await eventually("the stop at \(failpoint)") { ProcessTable.isStopped(binary.pid) }
        return .now
    }

    /// Everything that a process could write, but for the clock and the rows of others.
    private static func records(_ stores: CommandStack) async throws -> [[String?]] {
        try await TestDatabase.rows(
            """
            select 'sale', id::text, opened_in_redis_at::text, finished_at::text from sales
            union all select 'cursor', sale_id || stream, epoch::text, last_id from journal_cursor
            union all select 'ledger', sale_id || ' ' || epoch, seq::text, idx || kind from ledger
            union all select 'attempt', sale_id || ' ' || epoch, seq::text, idx::text from attempts
            union all select 'identity', run_id, epoch::text, '' from redis_identity
            order by 1, 2, 3, 4
            """,
            at: stores.stack.postgresURL
        )
    }

    @Test("a stopped rotation loses its lock to the next one; woken, it writes nothing and says why")
    func stoppedRotation() async throws {
        try await concurrently(["rotation.seeded", "rotation.opened"]) { stores, failpoint in
            let arguments = ["rotate-hour"] + stores.addresses
            let stopped = try await RunningBinary.running(arguments, environment: Self.arm(failpoint)) { binary in
                let since = try await Self.untilStopped(binary, failpoint)
                var outcome = try await BuiltBinary.run(arguments)
                while outcome.status == 75, ContinuousClock.now < since + TestPatience.limit {
                    outcome = try await BuiltBinary.run(arguments)
                }
                #expect(outcome.status == 0, "\(failpoint): \(outcome)")
                let before = try await Self.records(stores)
                #expect(before.count { $0[0] == "sale" && $0[2] != nil } == 2)
                try await Task.sleep(until: since + Self.stop)
                try await binary.end(by: SIGCONT)
                #expect(try await Self.records(stores) == before)
                #expect(binary.talk.contains("the rotation lock was lost"), "\(failpoint): \(binary.talk)")
            }
            #expect(stopped.status == 75, "\(failpoint)")
        }
    }

    @Test("a server that was stopped in its drain wakes up behind a recovery: nothing is lost, nothing is twice")
    func stoppedDrain() async throws {
        let places = ["attempts.before-copy", "attempts.after-copy", "attempts.after-commit", "ledger.before-commit"]
        try await concurrently(places) { stores, failpoint in
            try await Self.seed(stores)
            let history = CrowdHistory()
            let serve = ["--no-rotate"] + stores.addresses
            let first = try await RunningBinary.serving(serve, environment: Self.arm(failpoint)) { stopped, port in
                async let crowd: Void = history.crowd(of: 8, port: port, user: { "early\($0)" }, until: { false })
                let since = try await Self.untilStopped(stopped, failpoint)
                // Redis comes back as another server: whoever looks recovers, and the stopped one is of an old epoch.
                try await stores.stack.stopRedis()
                try await stores.stack.startRedis()
                let second = try await RunningBinary.serving(serve) { server, port in
                    let over = since + .seconds(10)
                    // The second server sells meanwhile.
                    try await history.crowd(of: 8, port: port, user: { "late\($0)" }) {
                        ContinuousClock.now > over && history.count(201) > 100
                    }
                    try await Task.sleep(until: since + Self.stop)
                    kill(stopped.pid, SIGCONT)
                    try await Task.sleep(for: .seconds(2))
                    try await server.end(by: SIGTERM)
                }
                #expect(second.status == 0)
                try await stopped.end(by: SIGTERM)
                try await crowd
            }
            #expect(first.status == 0, "\(failpoint)")
            let rows = try await TestDatabase.rows(
                "select item_id, user_id, outcome::text from attempts",
                at: stores.stack.postgresURL
            )
            let faults = history.faults(in: rows)
            #expect(faults.count == 0, "\(failpoint), e.g. \(faults.prefix(5))")
            let held = rows.count { $0[2] == "H" }
            let books = try await TestDatabase.rows(
                "select (select count(*) from ledger where kind = 'held'), (select count(*) from dead_letter)",
                at: stores.stack.postgresURL
            )
            #expect(books == [["\(held)", "0"]], "\(failpoint)")
        }
    }
}
