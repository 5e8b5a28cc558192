import FlashSaleKit
import Foundation
import Testing

@testable import flashserve

/// What becomes of checkouts whose answer was lost between Redis and the server.
@Suite(.serialized) struct SettlementTests {
    /// Answers are given up as soon as the program itself does so.
    private static let product: @Sendable (inout ServerOptions) -> Void = { $0.times = ServerTimes() }

    /// The error code of an answer.
    private static func error(_ answer: HTTPTestClient.Response) -> String {
        (try? answer.json["error"] as? String) ?? ""
    }

    /// Asks until the answer is another one than 503; all the answers, as status and error code.
    private static func insist(
        _ client: HTTPTestClient,
        _ user: String
    ) async throws -> (statuses: [Int], last: HTTPTestClient.Response) {
        var statuses: [Int] = []
        while true {
            let answer = try await client.checkout(user)
            statuses.append(answer.status)
            if answer.status != 503 || statuses.count > 1000 { return (statuses, answer) }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test("503 outcome_unknown, and with Redis back the same buyer gets a unit at limit 1: none is left without a code")
    func settled() async throws {
        try await TestServer.with(
            TestServer.terms(stock: 3, limit: 1, holdMilliseconds: 600_000),
            configure: Self.product
        ) { server in
            let client = try await server.connect()
            for user in ["anna", "bob", "carl"] {
                try await server.stack.pauseRedis()
                let lost = try await client.checkout(user)
                #expect(lost.status == 503 && lost.headers["retry-after"] == "1")
                #expect(Self.error(lost) == "outcome_unknown")
                let unsent = try await client.checkout(user)
                #expect(unsent.status == 503 && Self.error(unsent) == "unavailable", "it was not sent")
                server.stack.resumeRedis()
                // Never 429 user_limit, and never 409 sold_out: what a new buyer would get.
                let (statuses, last) = try await Self.insist(client, user)
                #expect(Set(statuses.dropLast()).isSubset(of: [503]) && last.status == 201, "\(statuses)")
                #expect(try await client.purchase(last.code).status == 200)
            }
            let snapshot = try await server.snapshot()
            #expect(snapshot.isConsistent && snapshot.held == 0 && snapshot.sold == 3 && snapshot.free == 0)
            try await server.eventually("select count(*)::text from purchases", is: "3")
            let redis = try await server.redis()
            let postgres = try await PostgresConnection.connect(
                to: PostgresEndpoint(parsing: server.stack.postgresURL),
                options: .init(),
                logger: TestServer.logger
            )
            let report = try await Verification(redis: redis, postgres: postgres).run(server.sale.id)
            #expect(report.findings.map(\.sentence) == [])
            await redis.close()
            await postgres.close()
        }
    }

    @Test("with an Idempotency-Key nothing is settled: asked again, the buyer gets the code of the hold that exists")
    func keyed() async throws {
        try await TestServer.with(
            TestServer.terms(stock: 3, limit: 1, holdMilliseconds: 600_000),
            configure: Self.product
        ) { server in
            let client = try await server.connect()
            try await server.stack.pauseRedis()
            #expect(try await client.checkout("anna", key: "k1").status == 503)
            server.stack.resumeRedis()
            try await until(201) { try await client.checkout("anna", key: "k1").status }
            let again = try await client.checkout("anna", key: "k1")
            #expect(again.status == 201 && again.headers["idempotent-replayed"] == "true")
            #expect(try await server.snapshot().held == 1)
            try await server.eventually("select count(*)::text from ledger where kind = 'released'", is: "0")
            #expect(try await client.purchase(again.code).status == 200)
        }
    }

    @Test("a Redis that was restarted meanwhile is settled at its new epoch")
    func restarted() async throws {
        try await TestServer.with(
            TestServer.terms(stock: 1, limit: 1, holdMilliseconds: 600_000),
            configure: Self.product
        ) { server in
            let client = try await server.connect()
            try await server.stack.pauseRedis()
            #expect(Self.error(try await client.checkout("anna")) == "outcome_unknown")
            server.stack.resumeRedis()
            try await server.stack.stopRedis()
            try await server.stack.startRedis()
            let (statuses, last) = try await Self.insist(client, "anna")
            #expect(Set(statuses.dropLast()).isSubset(of: [503]) && last.status == 201, "\(statuses)")
            #expect(try await server.snapshot().held == 1)
        }
    }
}
