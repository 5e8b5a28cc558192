import FlashSaleKit
import Testing

@testable import flashserve

/// A sale that a newer program has opened beside this server.
@Suite(.serialized) struct NewerFormatTests {
    @Test("its buyers get 503 with Retry-After, pages say why, nothing is recovered, and other sales go on")
    func leftAlone() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            let code = try await client.checkout("anna").code
            let redis = try await server.redis()
            let keys = SaleKeys(server.sale.id)
            _ = try await redis.send(RedisCommand("HSET", keys.sale, "format", "2"))
            try await until(503) { try await client.checkout("bob").status }
            let sentence = "sale \(server.sale.id) has format 2, this flashctl knows 1; use the newer flashctl"
            var checks: [String: Any]?
            for _ in 0..<200 where checks?["sales"] as? String != "sale \(server.sale.id) is shut: \(sentence)" {
                try await Task.sleep(for: .milliseconds(50))
                checks = try await client.request("GET", "/readyz?verbose").json["checks"] as? [String: Any]
            }
            #expect(checks?["sales"] as? String == "sale \(server.sale.id) is shut: \(sentence)")
            #expect(checks?["redis"] as? String == "ok", "Redis itself is used")
            for _ in 0..<3 {
                let refused = try await client.checkout("bob")
                #expect(refused.status == 503 && refused.headers["retry-after"] != nil)
                let bought = try await client.purchase(code)
                #expect(bought.status == 503 && bought.headers["retry-after"] != nil)
                #expect(try await client.request("GET", "/sale").status == 503)
            }
            let epoch = try await redis.send(RedisCommand("HGET", keys.sale, "epoch")).string
            #expect(epoch == server.sale.epoch.map(String.init), "nobody has recovered it")
            await redis.close()
            // Another one, opened since.
            let other = try await TestServer.seed(server.stack, TestServer.terms(stock: 5))
            #expect(other.id != server.sale.id)
            try await until(201) { try await client.checkout("carl").status }
            #expect(try await server.sql("select count(*)::text from recoveries") == [["0"]])
        }
    }
}
