import FlashSaleKit
import Foundation
import Synchronization
import Testing

/// What a crowd of buyers asked for and what it was told: the test's own books, kept outside of the system.
final class CrowdHistory: Sendable {
    struct Attempt: Sendable {
        let user: String
        /// Nil until it is answered, and for ever if the connection is lost.
        var status: Int?
        var error: String?
        var code: String?
        var sale: String?
        var expiresAt: String?

        /// The outcome that Postgres must have; nil when nothing was decided or nobody knows.
        var outcome: String? {
            switch (status, error) {
            case (201, _): "H"
            case (409, "sold_out"): "S"
            case (429, "user_limit"): "L"
            default: nil
            }
        }
    }

    private let attempts = Mutex<[Attempt]>([])

    /// All attempts; the number of each is its index, and one less than its item id.
    var all: [Attempt] { attempts.withLock { $0 } }

    /// Attempts that were answered with this status.
    func count(_ status: Int) -> Int { all.count { $0.status == status } }

    /// Buyers who check out one after the other, each until `until` says so or the server is gone. No two attempts have
    /// the same item id.
    func crowd(
        of buyers: Int,
        port: Int,
        user: @escaping @Sendable (_ number: Int) -> String,
        until isOver: @escaping @Sendable () -> Bool
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for _ in 0..<buyers {
                tasks.addTask {
                    let client = try await ShopClient.connect(port: port)
                    while !isOver() {
                        guard try await self.attempt(client, user) else { break }
                        try await Task.sleep(for: .milliseconds(4))
                    }
                    try await client.close()
                }
            }
            try await tasks.waitForAll()
        }
    }

    /// False when the connection was lost.
    private func attempt(_ client: ShopClient, _ user: (Int) -> String) async throws -> Bool {
        let number = attempts.withLock { attempts in
            attempts.append(Attempt(user: user(attempts.count)))
            return attempts.count - 1
        }
        do {
            let reply = try await client.checkout(all(number).user, item: number + 1)
            attempts.withLock { attempts in
                attempts[number].status = reply.status
                attempts[number].error = reply["error"]
                attempts[number].code = reply["code"]
                attempts[number].sale = reply["sale_id"]
                attempts[number].expiresAt = reply["expires_at"]
            }
            return true
        } catch is ShopClient.NoAnswer {
            return false
        }
    }

    private func all(_ number: Int) -> Attempt { attempts.withLock { $0[number] } }

    /// Compares these books with rows of item, user and outcome: every answered attempt must be there exactly once with
    /// its outcome, one without a decision at most once, and nothing else. One sentence for each fault.
    func faults(in rows: [[String?]]) -> [String] { CrowdHistory.faults(of: all, in: rows) }

    static func faults(of attempts: [Attempt], in rows: [[String?]]) -> [String] {
        var seen = [Int](repeating: 0, count: attempts.count)
        var faults: [String] = []
        for row in rows {
            guard let item = row[0].flatMap({ Int($0) }), attempts.indices.contains(item - 1) else {
                faults.append("\(row) was never asked for")
                continue
            }
            let attempt = attempts[item - 1]
            seen[item - 1] += 1
            if row[1] != attempt.user || attempt.outcome.map({ $0 != row[2] }) ?? false {
                faults.append("\(row) is \(attempt)")
            }
        }
        for (index, attempt) in attempts.enumerated() {
            let isRight = attempt.outcome == nil ? seen[index] <= 1 : seen[index] == 1
            if !isRight { faults.append("item \(index + 1) is there \(seen[index]) times: \(attempt)") }
        }
        return faults
    }
}

/// The books themselves: a comparison that finds nothing would prove nothing.
@Suite struct CrowdHistoryTests {
    private let attempts = [
        CrowdHistory.Attempt(user: "a", status: 201), CrowdHistory.Attempt(user: "b", status: 409, error: "sold_out"),
        CrowdHistory.Attempt(user: "c", status: 429, error: "user_limit"), CrowdHistory.Attempt(user: "d"),
        CrowdHistory.Attempt(user: "e", status: 503, error: "unavailable"),
    ]
    private let rows: [[String?]] = [["1", "a", "H"], ["2", "b", "S"], ["3", "c", "L"]]

    @Test func whatWasAnsweredMustBeThereAndWhatWasNotMayBe() {
        #expect(CrowdHistory.faults(of: attempts, in: rows) == [])
        #expect(CrowdHistory.faults(of: attempts, in: rows + [["4", "d", "S"], ["5", "e", "H"]]) == [])
    }

    @Test func everyKindOfFaultIsFound() {
        let lost = CrowdHistory.faults(of: attempts, in: Array(rows.dropFirst()))
        #expect(lost.count == 1 && lost[0].hasPrefix("item 1 is there 0 times"))
        let doubled = CrowdHistory.faults(of: attempts, in: rows + [["2", "b", "S"]])
        #expect(doubled.count == 1 && doubled[0].hasPrefix("item 2 is there 2 times"))
        let unknownTwice = CrowdHistory.faults(of: attempts, in: rows + [["4", "d", "S"], ["4", "d", "S"]])
        #expect(unknownTwice.count == 1)
        for row in [["1", "a", "S"], ["1", "b", "H"], ["6", "f", "S"], [nil, "a", "H"]] {
            #expect(!CrowdHistory.faults(of: attempts, in: rows.dropFirst() + [row]).isEmpty)
        }
    }
}
