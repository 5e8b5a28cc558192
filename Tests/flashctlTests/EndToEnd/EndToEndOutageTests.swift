import FlashSaleKit
import Foundation
import Testing

@testable import flashctl

/// Records that outlive what happens to Postgres and to the server.
@Suite(.serialized) struct EndToEndOutageTests {
    @Test func everyAnsweredAttemptIsRecordedOnceAcrossAnOutageOfPostgresAndAKill() async throws {
        try await CommandStack.with { stores in
            let seeded = try await BuiltBinary.run(
                [
                    "seed-sale", "--name", "Lamp", "--image-url", "https://example.com/lamp.png", "--stock", "600",
                    "--limit", "5", "--start", "this-hour", "--duration", "3h",
                ] + stores.addresses
            )
            #expect(seeded.status == 0, "\(seeded)")
            let history = CrowdHistory()
            let first = try await RunningBinary.serving(["--no-rotate"] + stores.addresses) { server, port in
                async let crowd: Void = history.crowd(of: 24, port: port, user: user, until: { false })
                try await eventually("a crowd") { history.all.count { $0.outcome != nil } > 100 }
                try await stores.stack.stopPostgres()
                let before = history.all.count { $0.outcome != nil }
                // Redis decides without Postgres; the journal keeps what cannot be drained.
                try await eventually("answers while Postgres is away") {
                    history.all.count { $0.outcome != nil } - before > 500
                }
                try await stores.stack.startPostgres()
                // Answers are on their way now: those buyers will never know.
                try await server.end(by: SIGKILL)
                try await crowd
            }
            #expect(first.status == 128 + SIGKILL)
            let second = try await RunningBinary.serving(["--no-rotate"] + stores.addresses) { server, port in
                try await history.crowd(of: 8, port: port, user: user) {
                    [201, 409, 429].allSatisfy { history.count($0) > 50 }
                }
                // Whatever is decided reaches Postgres before a server that is asked to stop has ended.
                try await server.end(by: SIGTERM)
            }
            #expect(second.status == 0)
            try await compare(history, stores)
        }
    }

    /// Every second attempt is of a few greedy users: the limit refuses most of those.
    private let user: @Sendable (Int) -> String = { $0.isMultiple(of: 2) ? "greedy\($0 / 2 % 10)" : "user\($0)" }

    private func compare(_ history: CrowdHistory, _ stores: CommandStack) async throws {
        let rows = try await TestDatabase.rows(
            "select item_id, user_id, outcome::text from attempts",
            at: stores.stack.postgresURL
        )
        let faults = history.faults(in: rows)
        #expect(faults.count == 0, "e.g. \(faults.prefix(5))")
        for status in [201, 409, 429] { #expect(history.count(status) > 50) }
        let lost = history.all.count { $0.status == nil }
        #expect((1...24).contains(lost), "\(lost) were cut off by the kill")
        let held = rows.count { $0[2] == "H" }
        #expect(held == 600)
        let books = try await TestDatabase.rows(
            """
            select (select count(*) from ledger where kind = 'held'), (select count(*) from dead_letter),
                (select count(*) from (select 1 from attempts where outcome = 'H' group by user_id
                    having count(*) > 5) above)
            """,
            at: stores.stack.postgresURL
        )
        #expect(books == [["\(held)", "0", "0"]])
    }
}
