import FlashSaleKit
import Logging
import ServiceLifecycle
import TestSupport
import Testing

@testable import flashctl
@testable import flashserve

/// The real server in this process, on stores of its own, with one sale.
struct ShopServer: Sendable {
    let stores: CommandStack
    let port: Int

    /// Runs `body` against a new server.
    static func with(
        stock: Int,
        limit: Int = 10,
        eventLoops: Int = 1,
        times: ServerTimes = ServerTimes(all: TestPatience.limit),
        _ body: @escaping @Sendable (ShopServer) async throws -> Void
    ) async throws {
        try await CommandStack.with { stores in
            let seeded = try await stores.run(
                SeedSaleCommand.self,
                "--name",
                "Lamp",
                "--image-url",
                "https://example.com/lamp.png",
                "--stock",
                "\(stock)",
                "--limit",
                "\(limit)",
                "--duration",
                "2h"
            )
            #expect(seeded.status == .success, "\(seeded)")
            try await serve(stores, eventLoops, times, body)
        }
    }

    /// Runs `body` against a server on these stores.
    static func serve(
        _ stores: CommandStack,
        _ eventLoops: Int = 1,
        _ times: ServerTimes = ServerTimes(all: TestPatience.limit),
        _ body: @escaping @Sendable (ShopServer) async throws -> Void
    ) async throws {
        var options = ServerOptions(
            redis: try RedisEndpoint(parsing: stores.redisURL),
            postgres: try PostgresEndpoint(parsing: stores.stack.postgresURL)
        )
        options.host = "127.0.0.1"
        options.port = 0
        options.eventLoops = eventLoops
        options.rotate = nil
        options.shutdownDelayMilliseconds = 0
        options.quietMilliseconds = 0
        options.times = times
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        options.onListening = { _, port, _ in announce.yield(port) }
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let group = ServiceGroup(services: [FlashServer(options: options, logger: logger)], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { announce.finish() }
                try await group.run()
            }
            for await port in ports {
                do {
                    try await body(ShopServer(stores: stores, port: port))
                } catch {
                    await group.triggerGracefulShutdown()
                    throw error
                }
                await group.triggerGracefulShutdown()
                break
            }
            try await tasks.waitForAll()
        }
    }

    /// Sends a load test at it.
    func load(_ requests: Int, runID: String, _ change: (inout LoadPlan) -> Void = { _ in }) async throws -> LoadSummary
    {
        var plan = LoadPlan(.megaload, target: LoadTarget(host: "127.0.0.1", port: port), runID: runID)
        plan.requests = requests
        plan.connections = 20
        plan.purchasePercent = 100
        change(&plan)
        return try await LoadRun(plan: plan, interrupts: AsyncStream { $0.finish() }) { _ in }.execute()
    }

    /// Waits until the first cell of a statement has this value.
    func eventually(_ statement: String, is wanted: String) async throws {
        try await TestSupport.eventually("\(wanted) of \(statement)") { try await row(statement).first == wanted }
    }

    /// The first row of a statement, as text.
    func row(_ statement: String) async throws -> [String?] {
        try await TestDatabase.rows(statement, at: stores.stack.postgresURL).first ?? []
    }
}
