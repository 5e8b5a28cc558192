import FlashSaleKit
import Foundation
import Testing

@testable import flashctl

/// A server whose machine has the wrong time: the real program, and no clock of the machine is moved.
@Suite(.serialized) struct EndToEndClockTests {
    @Test(arguments: ["+1h", "+5s", "-5s", "-1h"])
    func aServerWithTheWrongTimeSellsAndReturnsNoHoldsBySweeping(shift: String) async throws {
        try await CommandStack.with { stores in
            let seeded = try await stores.run(
                SeedSaleCommand.self,
                "--name",
                "Lamp",
                "--image-url",
                "https://example.com/lamp.png",
                "--stock",
                "10",
                "--duration",
                "3h",
                "--hold",
                "1s"
            )
            #expect(seeded.status == .success, "\(seeded)")
            let environment = try MovedClock.environment(shift)
            let arguments = ["--no-rotate", "--admin-port", "0"] + stores.addresses
            let served = try await RunningBinary.serving(arguments, environment: environment) { server, port in
                let client = try await ShopClient.connect(port: port)
                #expect(try await client.checkout("ann").status == 201)
                try await eventually("a look at the clocks") {
                    try await client.send("GET", "/readyz?verbose").body.contains("paused: ")
                }
                // The clock of the sale goes on, far beyond the end of the hold.
                try await stores.withRedis { redis in
                    let start = try await RedisTime.read(redis)
                    try await eventually("three seconds of the sale") {
                        let now = try await redis.send(RedisCommand("HGET", "fs:{1}:sale", "now_us")).string
                        return Int64(now ?? "") ?? 0 > start.microseconds + 3_000_000
                    }
                }
                let ready = try await client.send("GET", "/readyz?verbose")
                #expect(ready.status == 200, "the clock of Redis decides, not ours")
                #expect(ready.body.contains("paused: "), "\(ready.body)")
                // Redis has the hold still: nobody swept it. A buyer gets the unit all the same when it is wanted.
                var ends: [[String?]] = []
                try await eventually("the hold on record") {
                    ends = try await TestDatabase.rows(
                        "select kind from ledger where kind in ('held', 'expired')",
                        at: stores.stack.postgresURL
                    )
                    return !ends.isEmpty
                }
                #expect(ends == [["held"]])
                for user in 0..<10 { #expect(try await client.checkout("user\(user)").status == 201) }
                try await client.close()
                try await server.end(by: SIGTERM)
            }
            #expect(served.status == 0)
        }
    }
}
