import FlashSaleKit
import Foundation
import Testing

@testable import flashctl

/// What operators change counts on all servers at once, over HTTP, and outlives servers and Redis.
@Suite(.serialized) struct ControlServersTests {
    private static func serving(
        _ stores: CommandStack,
        _ body: @escaping @Sendable ([Int]) async throws -> Void
    ) async throws {
        let arguments = ["--no-rotate"] + stores.addresses
        let ended = try await RunningBinary.serving(arguments) { _, first in
            _ = try await RunningBinary.serving(arguments) { _, second in
                _ = try await RunningBinary.serving(arguments) { server, third in
                    try await body([first, second, third])
                    try await server.end(by: SIGTERM)
                }
            }
        }
        #expect(ended.status == 128 + SIGKILL)
    }

    /// Runs a command as a process; the time of the change.
    @discardableResult
    private static func command(_ arguments: [String], _ stores: CommandStack) async throws -> Timestamp {
        let all = arguments + ["--reason", "a test", "-o", "ndjson"] + stores.addresses
        let outcome = try await BuiltBinary.run(all)
        #expect(outcome.status == 0, "\(arguments): \(outcome)")
        let steps = try json(outcome.output, "changes") as? [[String: Any]]
        let since = try #require(steps?.first?["since"] as? String)
        return try #require(TimeText.parse(since))
    }

    @Test("under load at three servers, whatever is sent after `pause` has returned is answered 503 paused")
    func pausedOnThreeServers() async throws {
        try await CommandStack.with { stores in
            let sale = try await stores.seed("--stock", "1000000")
            try await Self.serving(stores) { ports in
                let watch = PauseWatch()
                async let load: Void = watch.load(ports, buyers: 6)
                try await watch.answers(100, servers: 3)
                let (wall, began) = (HostClock.now, ContinuousClock.now)
                let decided = try await Self.command(["pause"], stores)
                let returned = ContinuousClock.now
                try await watch.answers(100, servers: 3)
                let resuming = ContinuousClock.now
                try await Self.command(["resume"], stores)
                let resumed = ContinuousClock.now
                try await watch.answers(100, servers: 3)
                watch.stop()
                try await load

                let answers = watch.all
                let times = PauseTimes(
                    began: began,
                    decided: .microseconds(decided.microseconds - wall.microseconds),
                    returned: returned,
                    resuming: resuming
                )
                try times.report(answers, servers: 3)
                let figures = times.figures(answers, servers: 3)
                for server in 0..<3 {
                    let own = answers.filter { $0.server == server }
                    let during = own.filter { $0.sent > returned && $0.answered < resuming }
                    #expect(during.count >= 50)
                    #expect(during.allSatisfy { $0.isPaused }, "\(figures)")
                    #expect(own.filter { $0.answered < began }.allSatisfy { $0.status == 201 })
                    #expect(own.filter { $0.sent > resumed }.allSatisfy { $0.status == 201 })
                }
            }
            let log = try await stores.controlLog(sale).map { $0.components(separatedBy: " | ") }
            #expect(log.map { $0[0] } == ["pause_checkout", "resume_checkout"])
            #expect(log.allSatisfy { $0[2].hasSuffix("@\(HostName.current)") && $0[3] == "a test" })
            #expect(try await stores.run(VerifyCommand.self).status == .success)
        }
    }

    @Test("purchases are paused apart from checkouts, bans and limits count, on each server")
    func everyChangeOverHTTP() async throws {
        try await CommandStack.with { stores in
            _ = try await stores.seed("--stock", "100", "--limit", "5")
            try await Self.serving(stores) { ports in
                var clients: [ShopClient] = []
                for port in ports { clients.append(try await ShopClient.connect(port: port)) }
                var codes: [String] = []
                for (number, client) in clients.enumerated() {
                    codes.append(try #require(try await client.checkout("user\(number)")["code"]))
                }
                try await Self.command(["pause", "purchase"], stores)
                for (client, code) in zip(clients, codes) {
                    let refused = try await client.purchase(code)
                    #expect(refused.status == 503)
                    #expect(refused["error"] == "paused")
                    #expect(refused.head.contains("retry-after: 5"))
                    #expect(try await client.checkout("other").status == 201, "checkouts go on")
                }
                try await Self.command(["resume", "purchase"], stores)
                for (client, code) in zip(clients, codes) { #expect(try await client.purchase(code).status == 200) }

                try await Self.command(["ban", "user0"], stores)
                try await Self.command(["limit", "3", "--confirm=1"], stores)
                for client in clients {
                    let banned = try await client.checkout("user0")
                    #expect(banned.status == 403)
                    #expect(banned["error"] == "banned")
                    #expect(try await client.checkout("other").status == 429, "three are held already")
                }
                try await Self.command(["unban", "user0"], stores)
                for client in clients.dropLast() { #expect(try await client.checkout("user0").status == 201) }
                for client in clients { try await client.close() }
            }
        }
    }

    @Test("a new server and an emptied Redis are paused as before: nobody gets a unit in between")
    func pausedOverRestarts() async throws {
        try await CommandStack.with { stores in
            let sale = try await stores.seed("--stock", "100")
            _ = try await RunningBinary.serving(["--no-rotate"] + stores.addresses) { server, port in
                try await Self.command(["pause"], stores)
                try await server.end(by: SIGKILL)
            }
            _ = try await RunningBinary.serving(["--no-rotate"] + stores.addresses) { _, port in
                let client = try await ShopClient.connect(port: port)
                #expect(try await client.checkout("alice")["error"] == "paused")
                try await stores.withRedis { _ = try await $0.send(RedisCommand("FLUSHALL")) }
                var error: String?
                var number = 0
                try await eventually {
                    number += 1
                    let reply = try await client.checkout("user\(number)")
                    #expect(reply.status == 503, "it is rebuilt or paused: \(reply)")
                    error = reply["error"]
                    return error == "paused"
                }
                try await Self.command(["resume"], stores)
                #expect(try await client.checkout("alice").status == 201)
                try await client.close()
            }
            #expect(try await stores.controlLog(sale).count == 2)
        }
    }
}
