import FlashSaleKit
import Foundation
import Testing

@testable import flashctl

/// A server whose machine has the wrong time, by libfaketime: the real program, and no clock of the machine is moved.
@Suite(.serialized) struct EndToEndClockTests {
    /// Only ahead: libfaketime shifts the absolute timers of every clock, monotonic ones as well, so with a clock that
    /// is behind no timer of the process would fire. `ClockGuardTests` has that direction.
    @Test(arguments: ["+1h", "+5s"])
    func aServerWithTheWrongTimeSellsAndReturnsNoHoldsBySweeping(shift: String) async throws {
        let library = try #require(
            Architecture.libraryFolders.map { "\($0)/faketime/libfaketime.so.1" }
                .first { FileManager.default.fileExists(atPath: $0) },
            "libfaketime is not installed: see the test packages of the Makefile"
        )
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
            let environment = [
                "LD_PRELOAD": library, "FAKETIME": shift, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "DONT_FAKE_MONOTONIC": "1",
            ]
            let arguments = ["--no-rotate", "--admin-port", "0"] + stores.addresses
            let served = try await RunningBinary.serving(arguments, environment: environment) { server, port in
                let client = try await ShopClient.connect(port: port)
                #expect(try await client.checkout("ann").status == 201)
                try await Task.sleep(for: .seconds(4))
                let ready = try await client.send("GET", "/readyz?verbose")
                #expect(ready.status == 200, "the clock of Redis decides, not ours")
                #expect(ready.body.contains("paused: "), "\(ready.body)")
                // Redis has the hold still: nobody swept it. A buyer gets the unit all the same when it is wanted.
                let held = try await TestDatabase.rows(
                    "select kind from ledger where kind in ('held', 'expired')",
                    at: stores.stack.postgresURL
                )
                #expect(held == [["held"]])
                for user in 0..<10 { #expect(try await client.checkout("user\(user)").status == 201) }
                try await client.close()
                try await server.end(by: SIGTERM)
            }
            #expect(served.status == 0)
        }
    }
}

/// Where Debian puts libraries.
private enum Architecture {
    static let libraryFolders = ["x86_64", "aarch64"].map { "/usr/lib/\($0)-linux-gnu" }
}
