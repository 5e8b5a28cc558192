import NIOCore
import Testing

@testable import FlashSaleKit

@Suite(.serialized) struct ScriptEncodingTests {
    let keys = SaleKeys(SaleBench.saleID(12))

    @Test func `keys of a sale share one slot and come in the order of the scripts`() {
        #expect(
            keys.all == [
                "fs:{12}:sale", "fs:{12}:users", "fs:{12}:bought", "fs:{12}:banned", "fs:{12}:holds",
                "fs:{12}:deadlines", "fs:{12}:receipts", "fs:{12}:ledger", "fs:{12}:attempts",
                "fs:{12}:settled",
            ]
        )
        #expect(keys.all.count == SaleKeys.count)
    }

    @Test func `Redis knows the scripts under the names that we compute`() async throws {
        try await withRedis { client in
            for (script, load) in zip(SaleScript.allCases, SaleScript.loadCommands) {
                #expect(script.source.hasPrefix("#!lua"))
                let name = try await client.send(load).string
                #expect(name == script.sha1)
            }
        }
    }

    @Test(arguments: [nil, Timestamp(microseconds: 1_700_000_000_000_001)])
    func `a checkout is one array of bulks`(confirmed: Timestamp?) {
        var payload = ByteBuffer()
        CheckoutCall.appendAttempt(user: "ü".utf8, itemID: .max, to: &payload)
        var holdIDs = ByteBuffer()
        CheckoutCall.append(HoldID(high: 1, low: 0xABC), to: &holdIDs)
        let command = CheckoutCall.command(
            keys: keys,
            epoch: 9,
            confirmed: confirmed,
            count: 1,
            payload: payload,
            holdIDs: holdIDs,
            keyed: ByteBuffer(string: "1")
        )
        let time = confirmed.map { String($0.microseconds) } ?? ""
        let parts =
            ["EVALSHA", SaleScript.checkout.sha1, "10"] + keys.all
            + ["9", time, "1", "ü\t9223372036854775807\n", "00000000000000010000000000000abc", "1"]
        let expected = parts.reduce("*\(parts.count)\r\n") { $0 + "$\($1.utf8.count)\r\n\($1)\r\n" }
        #expect(String(buffer: command.bytes) == expected)
    }

    @Test func `an encoder appends to what is there`() {
        var payload = ByteBuffer()
        CheckoutCall.appendAttempt(user: "ann".utf8, itemID: 1, to: &payload)
        CheckoutCall.appendAttempt(user: "bob".utf8, itemID: 2, to: &payload)
        let empty = ByteBuffer()
        let encoder = CheckoutEncoder(keys: keys, epoch: 9)
        var output = ByteBuffer(string: "before")
        for _ in 1...2 {
            encoder.encode(confirmed: nil, count: 2, payload: payload, holdIDs: empty, keyed: empty, into: &output)
        }
        let one = CheckoutCall.command(keys: keys, epoch: 9, count: 2, payload: payload, holdIDs: empty)
        #expect(String(buffer: output) == "before" + String(buffer: one.bytes) + String(buffer: one.bytes))
    }

    @Test(
        arguments: [
            .null, .status("OK"), .array([]), .array([.bulk([0x4F])]), .array([.bulk([0x4F]), .bulk([0x31])]),
            .array([.bulk([0x3F]), .bulk([0x31])]), .array([.status("O"), .bulk([0x31])]),
            .array([.bulk([0x4F]), .bulk([0x31]), .bulk([0x48, 0x48]), .bulk([0x31]), .array([])]),
            .array([.bulk([0x4F]), .bulk([0x31]), .bulk([0x48]), .null, .array([])]),
            .array([.bulk([0x4F]), .bulk([0x31]), .bulk([0x68]), .bulk([0x31]), .array([.integer(4), .null, .null])]),
        ] as [RedisReply]
    )
    func `a reply that no script makes is an error`(reply: RedisReply) {
        let error = #expect(throws: RedisError.self) { try CheckoutCall.parse(reply, count: 3) }
        #expect(error?.code == .unexpectedReply)
    }

    @Test func `letters that nobody knows are an error`() {
        let reply = RedisReply.array([.bulk([0x4F]), .bulk([0x31]), .bulk([0x50, 0x3F])])
        #expect(throws: RedisError.self) { try PurchaseCall.parse(reply, count: 2) }
        #expect(throws: RedisError.self) { try ReleaseCall.parse(reply, count: 2) }
        #expect(throws: RedisError.self) { try ControlCall.parse(reply) }
        #expect(throws: RedisError.self) { try ExpireCall.parse(reply) }
    }

    @Test func `a Redis that has lost the scripts says so`() async throws {
        try await withRedis { client in
            let bench = try await SaleBench.open(client)
            _ = try await client.send(RedisCommand("SCRIPT", "FLUSH"))
            let error = await #expect(throws: RedisError.self) { try await bench.letters([attempt("ann", 1)]) }
            #expect(error?.code == .noScript)
        }
    }

    @Test func `a sale that is not in Redis has no snapshot and refuses every call`() async throws {
        try await withRedis { client in
            let terms = try await SaleBench.open(client).terms
            let absent = SaleBench(client: client, keys: keys, epoch: 7, terms: terms)
            let reply = try await client.send(SnapshotCall.command(keys: keys))
            #expect(try SnapshotCall.parse(reply) == nil)
            #expect(try await absent.letters([attempt("ann", 1)]) == "E")
            #expect(try await absent.expire().status == .wrongEpoch)
        }
    }

    @Test func `control requests refuse what would break a line of the ledger`() {
        #expect(ControlCall.Request(.finish, who: "ann", why: "it is late") != nil)
        #expect(ControlCall.Request(.finish, who: "a\tb", why: "") == nil)
        #expect(ControlCall.Request(.finish, who: "ann", why: "one\ntwo") == nil)
        #expect(ControlCall.Request(.ban(user: ""), who: "ann", why: "") == nil)
        #expect(ControlCall.Request(.ban(user: "x\n"), who: "ann", why: "") == nil)
        #expect(ControlCall.Request(.lowerLimit(0), who: "ann", why: "") == nil)
    }
}
