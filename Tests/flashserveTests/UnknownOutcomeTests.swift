import FlashSaleKit
import Foundation
import Testing

@testable import flashserve

/// When an answer of a store is lost, what it decided stands, once; and what one part of a batch meets is not laid at
/// the door of the others.
@Suite(.serialized) struct UnknownOutcomeTests {
    @Test("a batch whose answer was lost is refused, and never sent again")
    func lostAnswer() async throws {
        try await TestServer.with(configure: { $0.times = ServerTimes() }) { server in
            let client = try await server.connect()
            for round in 0..<3 {
                try await server.stack.pauseRedis()
                #expect(try await client.checkout("user\(round)").status == 503)
                // Given up by then; Redis goes on and still decides what it was sent.
                server.stack.resumeRedis()
                try await until(201) { try await client.checkout("after\(round)").status }
            }
            // A batch that was sent again later would be decided by then.
            try await Task.sleep(for: .seconds(3))
            // What Redis has decided before this one is on record when it is.
            try await until(201) { try await client.checkout("last").status }
            try await server.eventually("select count(*) > 0 from attempts where user_id = 'last'", is: "t")
            let counts = try await server.sql(
                "select count(*), count(distinct user_id) from attempts where user_id like 'user%'"
            )
            #expect(counts[0][0] == counts[0][1], "one of them was decided twice")
            #expect(counts[0][0] != "0", "Redis has decided none of them: this test shows nothing")
        }
    }

    @Test("a lost COMMIT acknowledgement leads neither to a duplicate nor to a false answer")
    func lostAcknowledgement() async throws {
        try await LocalStack.withTemporary { stack in
            try await TestServer.seed(stack, TestServer.terms(stock: 40))
            let cutter = try AnswerCutter(to: stack)
            defer { cutter.stop() }
            let endpoint = try cutter.endpoint
            let server = try await TestServer.start(on: stack) { $0.postgres = endpoint }
            let client = try await server.connect()
            cutter.arm(true)
            var units: [String: Int] = [:]
            for number in 0..<40 {
                let held = try await client.checkout("user\(number)")
                #expect(held.status == 201)
                let code = try held.code
                var answer = try await client.purchase(code)
                for _ in 0..<20 where answer.status == 202 { answer = try await client.purchase(code) }
                #expect(answer.status == 200, "\(answer.body)")
                units[code] = try answer.json["unit"] as? Int
            }
            #expect(try await client.checkout("late").status == 409)
            #expect(cutter.cuts >= 3, "only \(cutter.cuts) answers were lost")
            cutter.arm(false)
            for (code, unit) in units {
                let again = try await client.purchase(code)
                #expect(again.status == 200 && again.headers["idempotent-replayed"] == "true")
                #expect(try again.json["unit"] as? Int == unit)
            }
            #expect(Set(units.values) == Set(1...40))
            try await server.eventually("select count(*) from attempts", is: "41")
            try await server.stop()
            let rows = try await server.sql(
                """
                select (select count(*) from purchases), (select count(*) from ledger where kind = 'purchased'),
                    (select count(*) from ledger where kind = 'held'), (select count(*) from attempts),
                    (select count(*) from dead_letter)
                """
            )
            #expect(rows == [["40", "40", "40", "41", "0"]])
        }
    }

    @Test("of a batch of purchases each is answered for itself, also when Postgres refuses one of them")
    func halfABatch() async throws {
        try await TestServer.with(configure: { $0.times.purchase = .seconds(6) }) { server in
            let client = try await server.connect()
            var codes: [String] = []
            for number in 0..<4 { codes.append(try await client.checkout("user\(number)").code) }
            #expect(try await client.purchase(codes[0]).status == 200)
            // Somebody has put a row where unit 3 belongs.
            _ = try await server.sql(
                """
                insert into purchases
                select id, 3, stock, user_limit, 'stranger', 1, 7, decode(repeat('ab', 16), 'hex'), '', now() from sales
                """
            )
            let unknown = HoldCode(saleID: server.sale.id, high: 1, low: 2)
            let batch = [codes[1], "\(unknown)", codes[0], codes[2], codes[3]]
            try await client.send(batch.map { "POST /purchase?code=\($0) HTTP/1.1\r\n\r\n" }.joined())
            var answers: [HTTPTestClient.Response] = []
            for _ in batch { answers.append(try await #require(client.receive())) }
            #expect(answers.map(\.status) == [200, 404, 200, 202, 200])
            #expect(try answers.map { try $0.json["unit"] as? Int } == [2, nil, 1, nil, 4])
            #expect(try await client.purchase(codes[2]).status == 202, "claimed, and nobody else gets its unit")
            #expect(try await server.snapshot().sold == 4)
            let rows = try await server.sql(
                """
                select (select count(*) from purchases), (select count(*) from ledger where kind = 'purchased'),
                    (select count(*) from dead_letter)
                """
            )
            #expect(rows == [["4", "4", "1"]])
        }
    }
}
