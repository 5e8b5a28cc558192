import FlashSaleKit
import Foundation
import Testing

@testable import flashserve

@Suite(.serialized) struct CheckoutTests {
    @Test func aBuyerGetsACodePaysAndThePurchaseIsInPostgresBeforeTheAnswer() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            let held = try await client.checkout("alice")
            #expect(held.status == 201)
            #expect(held.headers["cache-control"] == "no-store")
            let json = try held.json
            #expect(json["sale_id"] as? Int64 == server.sale.id.rawValue)
            #expect(json["item_id"] as? Int == 7)
            #expect((json["expires_at"] as? String)?.hasSuffix("Z") == true)

            let bought = try await client.purchase(held.code)
            #expect(bought.status == 200)
            // No wait here: the row must be there at the moment of the answer.
            let rows = try await server.sql("select user_id, item_id::text, unit::text, user_slot::text from purchases")
            #expect(rows == [["alice", "7", "1", "1"]])
            let receipt = try bought.json
            #expect(receipt["status"] as? String == "success")
            #expect(receipt["item_name"] as? String == "Lamp")
            #expect(receipt["unit"] as? Int == 1)

            let again = try await client.purchase(held.code)
            #expect(again.status == 200)
            #expect(again.headers["idempotent-replayed"] == "true")
            #expect(again.body == bought.body)
            try await server.eventually("select count(*) from attempts", is: "1")
        }
    }

    @Test func anEleventhUnitIsRefusedAndOtherUsersAreNot() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            for _ in 1...10 { #expect(try await client.checkout("alice").status == 201) }
            let refused = try await client.checkout("alice")
            #expect(refused.status == 429)
            #expect(try refused.error == "user_limit")
            #expect(try await client.checkout("bob").status == 201)
            try await server.eventually(
                "select string_agg(outcome::text, '' order by seq, idx) from attempts",
                is: "HHHHHHHHHHLH"
            )
        }
    }

    @Test("50 parallel checkouts of a user at 9 of 10: exactly one succeeds")
    func lastUnitOfAUserIsGivenOnce() async throws {
        try await TestServer.with(eventLoops: 2) { server in
            let client = try await server.connect()
            for _ in 1...9 { _ = try await client.checkout("alice") }
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<50 {
                    group.addTask { try await server.connect().checkout("alice").status }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.count { $0 == 201 } == 1)
            #expect(statuses.count { $0 == 429 } == 49)
        }
    }

    @Test("the stock is sold to the last unit and never beyond, and every refusal is recorded")
    func stockIsExact() async throws {
        try await TestServer.with(TestServer.terms(stock: 30, limit: 3), eventLoops: 2) { server in
            let statuses = try await withThrowingTaskGroup(of: [Int].self) { group in
                for worker in 0..<20 {
                    group.addTask {
                        let client = try await server.connect()
                        var statuses: [Int] = []
                        for round in 0..<10 {
                            statuses.append(try await client.checkout("user\(worker)-\(round % 5)").status)
                        }
                        return statuses
                    }
                }
                return try await group.reduce(into: [Int]()) { $0 += $1 }
            }
            #expect(statuses.count { $0 == 201 } == 30)
            #expect(statuses.count { $0 == 409 } == 170)
            let snapshot = try await server.snapshot()
            #expect(snapshot.free == 0 && snapshot.held == 30 && snapshot.sold == 0)
            try await server.eventually("select count(*) from attempts", is: "200")
            try await server.eventually("select count(*) from attempts where outcome = 'S'", is: "170")
            #expect(try await server.sql("select count(distinct (epoch, seq, idx))::text from attempts") == [["200"]])
        }
    }

    @Test("an abandoned hold returns its unit and its user's quota")
    func lapsedHoldsReturn() async throws {
        try await TestServer.with(TestServer.terms(stock: 2, limit: 1, holdMilliseconds: 5000)) { server in
            let client = try await server.connect()
            let abandoned = try await client.checkout("alice")
            #expect(abandoned.status == 201)
            #expect(try await client.checkout("bob").status == 201)
            #expect(try await client.checkout("carol").status == 409)
            try await until(201) { try await client.checkout("alice").status }
            try await until(201) { try await client.checkout("carol").status }
            #expect(try await client.checkout("dave").status == 409)
            let late = try await client.purchase(abandoned.code)
            #expect(late.status == 404)
            // The look-up answers "unknown" only for the moments until the ledger is drained.
            try await server.eventually("select count(*) from ledger where kind = 'expired'", is: "2")
            #expect(try await client.purchase(abandoned.code).error == "expired_code")
        }
    }

    @Test("10,000 codes issued at once are 10,000 different codes")
    func codesAreDistinct() async throws {
        try await TestServer.with(TestServer.terms(stock: 10_000)) { server in
            let codes = try await withThrowingTaskGroup(of: [String].self) { group in
                for worker in 0..<10 {
                    group.addTask {
                        let client = try await server.connect()
                        var codes: [String] = []
                        for chunk in 0..<20 {
                            // Pipelined, so that they are decided in the same batches.
                            for index in 0..<50 {
                                let user = "u\(worker)-\(chunk)-\(index)"
                                try await client.send("POST /checkout?user_id=\(user)&id=1 HTTP/1.1\r\n\r\n")
                            }
                            for _ in 0..<50 { codes.append(try await #require(client.receive()).code) }
                        }
                        return codes
                    }
                }
                return try await group.reduce(into: [String]()) { $0 += $1 }
            }
            #expect(codes.count == 10_000)
            #expect(Set(codes).count == 10_000)
            // Random bits in every place: no digit of the code is the same in all of them, or in half of them.
            for place in 3..<28 {
                let digits = Dictionary(grouping: codes.map { Array($0)[place] }, by: { $0 }).mapValues(\.count)
                #expect(digits.values.max() ?? 0 < 5000, "place \(place)")
            }
        }
    }

    @Test func anIdempotencyKeyReturnsTheSameCodeAndTakesOneUnit() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            let first = try await client.checkout("alice", item: 7, key: "order-1")
            let second = try await client.checkout("alice", item: 9, key: "order-1")
            #expect(first.status == 201 && second.status == 201)
            #expect(try first.code == second.code)
            #expect(try second.json["item_id"] as? Int == 7)
            #expect(second.headers["idempotent-replayed"] == "true")
            #expect(first.headers["idempotent-replayed"] == nil)
            let other = try await client.checkout("bob", item: 7, key: "order-1")
            #expect(try other.code != first.code)
            #expect(try await server.snapshot().held == 2)
            #expect(
                try await client.request("POST", "/checkout?user_id=a&id=1", headers: "Idempotency-Key: \r\n").status
                    == 400
            )
        }
    }

    @Test("odd user ids are stored as they were accepted and harm no other row")
    func oddUsers() async throws {
        let users = ["a:b", "quote'\"", "back\\slash", "émoji 🎉", "per%cent", "{brace}", "null", "\\N", "$1", "a b"]
        try await TestServer.with { server in
            let client = try await server.connect()
            for user in users { #expect(try await client.checkout(user).status == 201, "\(user)") }
            try await server.eventually("select count(*) from attempts", is: "\(users.count)")
            let stored = try await server.sql("select user_id from attempts order by seq, idx").map { $0[0] ?? "" }
            #expect(stored == users)
            #expect(try await server.sql("select count(*)::text from dead_letter") == [["0"]])
        }
    }

    @Test func aReleasedHoldIsSellableAtOnce() async throws {
        try await TestServer.with(TestServer.terms(stock: 1)) { server in
            let client = try await server.connect()
            let held = try await client.checkout("alice")
            #expect(try await client.checkout("bob").status == 409)
            let released = try await client.request("DELETE", "/checkout?code=\(held.code)")
            #expect(released.status == 200)
            #expect(try await client.purchase(held.code).status == 404)
            let bob = try await client.checkout("bob")
            #expect(bob.status == 201)
            #expect(try await client.purchase(bob.code).status == 200)
            #expect(try await client.request("DELETE", "/checkout?code=\(bob.code)").error == "already_purchased")
        }
    }
}
