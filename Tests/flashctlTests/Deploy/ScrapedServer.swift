import FlashSaleKit
import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import flashctl
@testable import flashserve

/// A server whose metrics can be read, after some checkouts, purchases, releases and a recount.
enum ScrapedServer {
    /// What a scrape of it says.
    static func scrape() async throws -> String {
        let text = SharedText()
        try await CommandStack.with { stores in
            let seeded = try await stores.run(
                SeedSaleCommand.self,
                ["--name", "Lamp", "--image-url", "https://example.com/lamp.png", "--stock", "20", "--duration", "2h"]
            )
            #expect(seeded.status == .success, "\(seeded)")
            try await serve(stores) { port, adminPort in
                try await shop(at: port)
                text.value = try await complete(adminPort)
            }
        }
        return text.value
    }

    private final class SharedText: Sendable {
        private let lock = Mutex("")
        var value: String {
            get { lock.withLock { $0 } }
            set { lock.withLock { $0 = newValue } }
        }
    }

    private static func serve(
        _ stores: CommandStack,
        _ body: @escaping @Sendable (_ port: Int, _ adminPort: Int) async throws -> Void
    ) async throws {
        var options = ServerOptions(
            redis: try RedisEndpoint(parsing: stores.stack.redisURL),
            postgres: try PostgresEndpoint(parsing: stores.stack.postgresURL)
        )
        options.host = "127.0.0.1"
        options.port = 0
        options.adminPort = 0
        options.rotate = nil
        options.shutdownDelayMilliseconds = 0
        options.quietMilliseconds = 0
        options.verifyInterval = .milliseconds(200)
        options.times = ServerTimes(all: TestPatience.limit)
        options.guardInterval = .milliseconds(200)
        let (ports, announce) = AsyncStream.makeStream(of: (isAdmin: Bool, port: Int).self)
        options.onListening = { _, port, _ in announce.yield((false, port)) }
        options.onAdminListening = { announce.yield((true, $0)) }
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let group = ServiceGroup(services: [FlashServer(options: options, logger: logger)], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { announce.finish() }
                try await group.run()
            }
            var known: [Bool: Int] = [:]
            for await place in ports {
                known[place.isAdmin] = place.port
                guard let port = known[false], let adminPort = known[true] else { continue }
                let outcome: Result<Void, any Error>
                do { outcome = .success(try await body(port, adminPort)) } catch { outcome = .failure(error) }
                await group.triggerGracefulShutdown()
                try outcome.get()
                break
            }
            try await tasks.waitForAll()
        }
    }

    /// One request of each kind.
    private static func shop(at port: Int) async throws {
        let client = try await ShopClient.connect(port: port)
        for user in ["ann", "bob"] {
            let code = try #require(try await client.send("POST", "/checkout?user_id=\(user)&id=7")["code"])
            let method = user == "ann" ? ("POST", "/purchase") : ("DELETE", "/checkout")
            #expect(try await client.send(method.0, "\(method.1)?code=\(code)").status == 200)
        }
        #expect(try await client.send("GET", "/health").status == 200)
    }

    /// The metrics, when the first recount and the first look at the stores are in them.
    private static func complete(_ port: Int) async throws -> String {
        var text = ""
        try await eventually("complete metrics") {
            let client = try await ShopClient.connect(port: port)
            text = try await client.send("GET", "/metrics").body
            try await client.close()
            let needed = ["flashctl_verify_age_seconds ", "flashctl_recoveries_total ", "flashctl_sale_units{"]
            let drained = text.split(separator: "\n").contains {
                $0.hasPrefix("flashctl_drain_commit_duration_seconds_count{stream=\"attempts\"}") && !$0.hasSuffix(" 0")
            }
            return needed.allSatisfy(text.contains) && drained
        }
        return text
    }
}
