import FlashSaleKit
import Foundation
import Testing

@testable import flashctl

/// `serve --local` as its users meet it: processes, signals, curl and psql.
@Suite(.serialized) struct EndToEndLocalTests {
    private struct Memory: Sendable {
        var sale: String
        var code: String
        var unpaid: String
        var unit: String
        var redis: pid_t
        var postgres: pid_t
    }

    /// The whole seconds of an instant just past.
    private var start: String {
        let now = Int64(Date.now.timeIntervalSince1970)
        return Timestamp(seconds: now - 1).rfc3339
    }

    @Test func aSaleOutlivesItsServer() async throws {
        let start = start
        try await LocalFolder.with { folder in
            let first = try await RunningBinary.serving(["--local", "--no-rotate"], environment: folder.environment) {
                server,
                port in
                try await seedsAreIdempotent(folder, start)
                let memory = try await sells(folder, port)
                try await statusTellsTheSame(folder, memory)
                try await server.end(by: SIGKILL)
                return memory
            }
            #expect(first.status == 128 + SIGKILL)
            let memory = first.value
            #expect(ProcessTable.isRunning(memory.redis) && ProcessTable.isRunning(memory.postgres))
            let second = try await RunningBinary.serving(["--local", "--no-rotate"], environment: folder.environment) {
                server,
                port in
                #expect(try await server.said("open: sale ").hasPrefix("\(memory.sale), Lamp, 50 units"))
                #expect(try folder.redisPID == memory.redis)
                try await statusTellsTheSame(folder, memory)
                try await goesOn(folder, port, memory)
                try await rotatesInSilence(folder)
                try await server.end(by: SIGINT)
            }
            #expect(second.status == 0)
            #expect(!ProcessTable.isRunning(memory.redis) && !ProcessTable.isRunning(memory.postgres))
        }
    }

    private func seed(_ folder: LocalFolder, _ start: String, stock: Int) async throws -> BuiltBinary.Outcome {
        try await folder.run(
            "seed-sale",
            "--name",
            "Lamp",
            "--image-url",
            "https://example.com/lamp.png",
            "--stock",
            "\(stock)",
            "--start",
            start,
            "--duration",
            "2h"
        )
    }

    private func seedsAreIdempotent(_ folder: LocalFolder, _ start: String) async throws {
        let created = try await seed(folder, start, stock: 50)
        #expect(created.status == 0, "\(created)")
        #expect(created.output.hasPrefix("created sale "))
        let same = try await seed(folder, start, stock: 50)
        #expect(same.status == 0)
        #expect(same.output.contains("exists with exactly these terms; nothing was changed"))
        let other = try await seed(folder, start, stock: 60)
        #expect(other.status == 1)
        #expect(other.output.contains("with other terms; nothing was changed"))
        let difference = try #require(other.output.split(separator: "\n").first { $0.hasPrefix("stock ") })
        #expect(difference.split(separator: " ") == ["stock", "50", "60"])
        #expect(try await folder.row("select count(*) from sales") == ["1"])
    }

    private func sells(_ folder: LocalFolder, _ port: Int) async throws -> Memory {
        let client = try await ShopClient.connect(port: port)
        var held = try await client.checkout("alice")
        // The server reads its schedule once a second.
        try await eventually("the opening of the sale") {
            if held.status == 503 {
                #expect(held["error"] == "no_active_sale")
                held = try await client.checkout("alice")
            }
            return held.status != 503
        }
        #expect(held.status == 201, "\(held)")
        let code = try #require(held["code"])
        let bought = try await client.purchase(code)
        // No waiting: the row is there before the buyer reads the answer.
        let row = try await folder.row("select sale_id, unit, user_id, item_id, user_slot from purchases")
        #expect(bought.status == 200)
        #expect(row == [bought["sale_id"], bought["unit"], "alice", "7", "1"])
        var unpaid = ""
        for _ in 0..<9 {
            let reply = try await client.checkout("alice")
            #expect(reply.status == 201)
            unpaid = reply["code"] ?? ""
        }
        let eleventh = try await client.checkout("alice")
        #expect(eleventh.status == 429)
        #expect(eleventh["error"] == "user_limit")
        try await client.close()
        return Memory(
            sale: try #require(bought["sale_id"]),
            code: code,
            unpaid: unpaid,
            unit: try #require(bought["unit"]),
            redis: try folder.redisPID,
            postgres: try folder.postgresPID
        )
    }

    /// Also after the server was killed and came back.
    private func statusTellsTheSame(_ folder: LocalFolder, _ memory: Memory) async throws {
        var text = ""
        try await eventually("the end of the drain") {
            let outcome = try await folder.run("status", "-o", "json")
            #expect(outcome.status == 0)
            text = outcome.output
            return try json(text, "drained") as? Bool == true
        }
        #expect(try json(text, "phase") as? String == "selling")
        #expect(try (json(text, "sale", "id") as? Int).map(String.init) == memory.sale)
        let redis = try ["free", "held", "sold", "users"].map { try json(text, "redis", $0) as? Int }
        #expect(redis == [40, 9, 1, 1])
        #expect(try json(text, "redis", "consistent") as? Bool == true)
        let outcomes = try ["held", "user_limit", "sold_out", "banned"].map {
            try json(text, "postgres", "outcomes", $0) as? Int
        }
        #expect(outcomes == [10, 1, 0, 0])
        #expect(try json(text, "postgres", "purchases") as? Int == 1)
        #expect(try await folder.row("select count(*) from attempts") == ["11"])
    }

    private func goesOn(_ folder: LocalFolder, _ port: Int, _ memory: Memory) async throws {
        let client = try await ShopClient.connect(port: port)
        #expect(try await client.checkout("alice").status == 429)
        let again = try await client.purchase(memory.code)
        #expect(again.status == 200)
        #expect(again["unit"] == memory.unit)
        #expect(again.head.contains("idempotent-replayed: true"))
        let bought = try await client.purchase(memory.unpaid)
        let rows = try await folder.row("select count(*), count(distinct unit), max(user_slot) from purchases")
        #expect(bought.status == 200)
        #expect(bought["unit"] == "2")
        #expect(rows == ["2", "2", "2"])
        #expect(try await client.checkout("bob").status == 201)
        try await client.close()
    }

    private func rotatesInSilence(_ folder: LocalFolder) async throws {
        for _ in 0..<2 {
            let outcome = try await folder.run("rotate-hour")
            #expect(outcome.status == 0)
            #expect(outcome.output.isEmpty && outcome.talk.isEmpty, "\(outcome)")
        }
        #expect(try await folder.row("select count(*) from sales where hourly") == ["2"])
    }
}
