import FlashSaleKit
import Foundation
import Testing

@testable import flashserve

/// HTTP stops first, then the journal is flushed, then the workers stop.
@Suite(.serialized) struct ShutdownTests {
    private struct Books: Sendable {
        /// Code -> status of its last purchase; nil when it was not answered.
        var codes: [String: Int?] = [:]
        var refused = 0
    }

    @Test("shutdown while buyers pay: every code and every receipt that was given out is on record")
    func everythingAnsweredIsOnRecord() async throws {
        try await LocalStack.withTemporary { stack in
            try await TestServer.seed(stack, TestServer.terms(stock: 20_000))
            let server = try await TestServer.start(on: stack)
            let books = try await withThrowingTaskGroup(of: Books.self) { group in
                for worker in 0..<16 {
                    group.addTask { await ShutdownTests.buy(server, worker) }
                }
                group.addTask {
                    try await server.eventually("select count(*) > 100 from purchases", is: "t")
                    try await server.stop()
                    return Books()
                }
                return try await group.reduce(into: Books()) { books, part in
                    books.codes.merge(part.codes) { $1 }
                    books.refused += part.refused
                }
            }
            let recorded = try await server.sql(
                """
                select encode(l.hold_id, 'hex'), p.hold_id is not null from ledger l
                left join purchases p using (hold_id) where l.kind = 'held'
                """
            )
            let isPaid = Dictionary(uniqueKeysWithValues: recorded.map { ($0[0] ?? "", $0[1] == "t") })
            let paid = books.codes.filter { $0.value == 200 }
            #expect(paid.count >= 100)
            for (code, status) in books.codes {
                let hold = try #require(HoldCode(parsing: Array(code.utf8))).holdID
                let found = isPaid["\(hold)"]
                #expect(found != nil, "a code that was given out is not on record")
                // Redis had decided it: it reached Postgres before the server ended.
                if status == 200 || status == 202 {
                    #expect(found == true, "a purchase answered \(status ?? 0) is lost")
                }
            }
            let snapshot = try await server.snapshot()
            #expect(snapshot.isConsistent)
            #expect(snapshot.sold == isPaid.values.count { $0 }, "what Redis decided was drained before the end")
            #expect(snapshot.held + snapshot.sold == recorded.count)
            #expect(recorded.count - books.codes.count <= 16, "one request of each client may have lost its answer")
        }
    }

    private static func buy(_ server: TestServer, _ worker: Int) async -> Books {
        var books = Books()
        guard let client = try? await server.connect() else { return books }
        for number in 0..<100_000 {
            guard let held = await ask(client, "/checkout?user_id=w\(worker)-\(number)&id=1") else { break }
            guard held.status == 201, let code = try? held.code else {
                books.refused += 1
                continue
            }
            books.codes[code] = .some(nil)
            guard let bought = await ask(client, "/purchase?code=\(code)") else { break }
            books.codes[code] = bought.status
        }
        return books
    }

    /// Nil when the connection ended before the answer: that is what a stopping server may do.
    private static func ask(_ client: HTTPTestClient, _ target: String) async -> HTTPTestClient.Response? {
        guard (try? await client.send("POST \(target) HTTP/1.1\r\n\r\n")) != nil else { return nil }
        return await client.receive()
    }
}
