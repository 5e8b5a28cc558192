import FlashSaleKit
import Foundation
import TestSupport
import Testing

@testable import flashctl

/// Every reading command writes JSON of the form that `docs/schemas` promises, whatever state the stores are in.
@Suite(.serialized) struct SchemaTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// What the validator says about a text; nothing when it fits.
    private func faults(_ json: String, _ schema: String) async throws -> String {
        try await withFolder { folder in
            try write(json, to: folder + "/data.json")
            let outcome = try await BuiltBinary.script(
                "/usr/bin/python3 \"$ROOT/scripts/validate-json.py\" \"$ROOT/docs/schemas/$NAME\" <\"$DATA\"",
                environment: [
                    "ROOT": SchemaTests.root.path, "NAME": "\(schema).schema.json", "DATA": folder + "/data.json",
                ]
            )
            return outcome.status == 0 ? "" : outcome.output + outcome.talk
        }
    }

    private func expect<Command: EnvironmentCommand>(
        _ schema: String,
        _ type: Command.Type,
        _ arguments: [String] = [],
        in stores: CommandStack,
        location: SourceLocation = #_sourceLocation
    ) async throws {
        let outcome = try await stores.run(type, arguments + ["-o", "json"])
        let faults = try await faults(outcome.data, schema)
        #expect(faults.isEmpty, "\(schema) \(arguments): \(faults)\n\(outcome.data)", sourceLocation: location)
    }

    /// The commands that only read, on the sale as it is.
    private func expectAll(_ stores: CommandStack) async throws {
        try await expect("status", StatusCommand.self, in: stores)
        try await expect("status", StatusCommand.self, ["--fast"], in: stores)
        try await expect("verify", VerifyCommand.self, in: stores)
        try await expect("doctor", DoctorCommand.self, in: stores)
        try await expect("config-show", ConfigShowCommand.self, in: stores)
        try await expect("reconcile", ReconcileCommand.self, ["--plan"], in: stores)
        try await expect("migrate", MigrateCommand.self, ["--dry-run"], in: stores)
        try await expect("replay-attempts", ReplayAttemptsCommand.self, in: stores)
        try await expect("replay-pending", ReplayAttemptsCommand.self, ["--pending", "--dry-run"], in: stores)
        for user in ["alice", "bob", "nobody"] {
            try await expect("inspect-user", InspectUserCommand.self, [user], in: stores)
            try await expect("explain", ExplainCommand.self, [user, "--as", "user"], in: stores)
        }
        try await expect("explain", ExplainCommand.self, ["1", "--as", "unit"], in: stores)
    }

    @Test func everyStateOfASale() async throws {
        try await ShopServer.with(stock: 3, limit: 2) { shop in
            try await expectAll(shop.stores)
            // The server closes connections that were idle for a minute.
            let buyer = try await ShopClient.connect(port: shop.port)
            var codes: [String] = []
            for user in ["alice", "alice", "alice", "bob", "carol"] {
                let reply = try await buyer.send("POST", "/checkout?user_id=\(user)&id=7")
                if let code = reply["code"] { codes.append(code) }
            }
            _ = try await buyer.send("POST", "/purchase?code=\(codes[0])")
            _ = try await buyer.send("DELETE", "/checkout?code=\(codes[1])")
            try await expect("control", BanCommand.self, ["bob", "--reason", "robots"], in: shop.stores)
            try await expect("control", PauseCommand.self, ["--reason", "test", "--dry-run"], in: shop.stores)
            try await expect("control", PauseCommand.self, ["--reason", "test"], in: shop.stores)
            try await expect("control", ResumeCommand.self, ["--reason", "test"], in: shop.stores)
            try await expect("control", LimitCommand.self, ["1", "--reason", "test", "--dry-run"], in: shop.stores)
            let robot = try await ShopClient.connect(port: shop.port)
            _ = try await robot.send("POST", "/checkout?user_id=bob&id=7")
            try await expectAll(shop.stores)
            try await expect("explain", ExplainCommand.self, [codes[0]], in: shop.stores)
        }
    }

    @Test func trafficThatIsPlayedOrWritten() async throws {
        try await ShopServer.with(stock: 3, limit: 2) { shop in
            #expect(try await shop.load(8, runID: "crowd").status == .success)
            try await shop.eventually("select count(*) from attempts", is: "8")
            let export = try await shop.stores.run(ReplayAttemptsCommand.self, "--export")
            let lines = export.data.split(separator: "\n")
            #expect(lines.count == 8)
            for line in [lines.first, lines.last] {
                let faults = try await faults(String(try #require(line)), "replay-export")
                #expect(faults.isEmpty, "\(faults)\n\(line ?? "")")
            }
            let target = ["--target", "http://127.0.0.1:\(shop.port)", "--speed", "max"]
            // A sale that is sold out decides otherwise: what differs has its form too.
            try await expect("replay-target", ReplayAttemptsCommand.self, target, in: shop.stores)
            try await ShopServer.with(stock: 3, limit: 2) { fresh in
                let target = ["--target", "http://127.0.0.1:\(fresh.port)", "--speed", "max"]
                try await expect("replay-target", ReplayAttemptsCommand.self, target, in: shop.stores)
            }
        }
    }

    @Test func aSaleThatIsDamaged() async throws {
        try await ShopServer.with(stock: 3) { shop in
            let buyer = try await ShopClient.connect(port: shop.port)
            for user in ["alice", "bob"] {
                let reply = try await buyer.send("POST", "/checkout?user_id=\(user)&id=7")
                _ = try await buyer.send("POST", "/purchase?code=\(try #require(reply["code"]))")
            }
            try await buyer.close()
            _ = try await shop.row("update attempts set outcome = 'S' where user_id = 'bob'")
            _ = try await shop.row(
                "insert into dead_letter (sale_id, stream, entry_id, idx, kind, payload, sqlstate, "
                    + "reason) select id, 'attempts', '1-1', 0, 'attempt', 'x', '22021', 'test' from sales"
            )
            try await expectAll(shop.stores)
        }
    }

    @Test func aStoreThatIsAway() async throws {
        try await CommandStack.with { stores in
            _ = try await stores.run(SeedSaleCommand.self, "--name", "L", "--image-url", "https://example.com/l.png")
            for addresses in [
                ["--redis", "127.0.0.1:1", "--postgres", stores.stack.postgresURL],
                ["--redis", stores.stack.redisURL, "--postgres", "postgres://127.0.0.1:1/x"],
            ] {
                for (schema, words) in [("status", ["status", "--sale", "1"]), ("doctor", ["doctor"])] {
                    let outcome = try await BuiltBinary.run(words + addresses + ["-o", "json"])
                    #expect(outcome.status == 69)
                    let faults = try await faults(outcome.output, schema)
                    #expect(faults.isEmpty, "\(words): \(faults)\n\(outcome.output)")
                }
            }
        }
    }

    @Test func plansOfARotation() async throws {
        try await CommandStack.with { stores in
            try await expect("rotate-hour", RotateHourCommand.self, ["--dry-run"], in: stores)
            _ = try await stores.run(RotateHourCommand.self)
            try await stores.withPostgres { postgres in
                _ = try await postgres.query("update sales set closes_at = clock_timestamp() where id = 1")
            }
            try await expect("rotate-hour", RotateHourCommand.self, ["--dry-run"], in: stores)
        }
    }

    @Test func plansOfSales() async throws {
        try await CommandStack.with { stores in
            let terms = ["--name", "L", "--image-url", "https://example.com/l.png"]
            try await expect("seed-sale", SeedSaleCommand.self, terms + ["--dry-run"], in: stores)
            try await expect("seed-sale", SeedSaleCommand.self, terms, in: stores)
            try await expect("seed-sale", SeedSaleCommand.self, terms, in: stores)
            try await expect("seed-sale", SeedSaleCommand.self, terms + ["--stock", "5"], in: stores)
            try await expect(
                "seed-sale",
                SeedSaleCommand.self,
                terms + ["--stock", "5", "--replace", "--dry-run"],
                in: stores
            )
        }
    }

    /// A schema that allows anything would be none.
    @Test func theSchemasAreStrict() async throws {
        let names = try Snapshot.files(in: "docs/schemas")
        #expect(names.count >= 15)
        for name in names {
            let schema = String(name.dropLast(".schema.json".count))
            #expect(!(try await faults("{\"unexpected\": 1}", schema)).isEmpty)
            #expect(!(try await faults("[{\"unexpected\": 1}]", schema)).isEmpty)
        }
    }

    /// `flashctl … | head -1` ends without a word, as other tools do.
    @Test func aReaderThatLeavesIsNoError() async throws {
        try await CommandStack.with { stores in
            _ = try await stores.run(SeedSaleCommand.self, "--name", "L", "--image-url", "https://example.com/l.png")
            let stack = ["REDIS_URL": stores.stack.redisURL, "POSTGRES_URL": stores.stack.postgresURL]
            for command in [
                "status", "verify", "doctor", "config show", "reconcile --plan", "replay-attempts",
                "explain 1 --as unit",
                "help exit-codes", "--help",
            ] {
                let outcome = try await BuiltBinary.script(
                    "set -o pipefail; \"$0\" \(command) | true; exit ${PIPESTATUS[0]}",
                    environment: stack
                )
                let spoke = outcome.talk.contains("pipe") || outcome.talk.contains("write")
                #expect(!spoke, "\(command): \(outcome.talk)")
                let isQuiet = [0, 1, 141].contains(outcome.status)
                #expect(isQuiet, "\(command) ended with \(outcome.status)")
            }
        }
    }
}
