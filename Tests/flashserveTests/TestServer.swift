import FlashSaleKit
import Foundation
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import flashserve

/// A server in this process, on a Redis and a Postgres of its own.
final class TestServer: Sendable {
    let stack: LocalStack
    let port: Int
    let sale: Sale
    private let group: ServiceGroup
    private let running: Task<Void, any Error>

    private init(stack: LocalStack, port: Int, sale: Sale, group: ServiceGroup, running: Task<Void, any Error>) {
        self.stack = stack
        self.port = port
        self.sale = sale
        self.group = group
        self.running = running
    }

    static let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    /// Terms of a sale that is open now for an hour.
    static func terms(stock: Int = 100, limit: Int = 10, holdMilliseconds: Int64 = 60_000) -> SaleTerms {
        let now = Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1e6))
        return SaleTerms(
            itemName: "Lamp",
            imageURL: "https://example.com/lamp.png",
            stock: stock,
            userLimit: limit,
            holdMilliseconds: holdMilliseconds,
            opensAt: now.adding(milliseconds: -1000),
            closesAt: now.adding(milliseconds: 3_600_000),
            hourly: false,
            test: true
        )
    }

    /// Runs `body` against a new server with one open sale, and stops and removes everything afterwards.
    static func with(
        _ terms: SaleTerms = TestServer.terms(),
        options stackOptions: LocalStackOptions = .fast,
        eventLoops: Int = 1,
        configure: @escaping @Sendable (inout ServerOptions) -> Void = { _ in },
        _ body: @Sendable (TestServer) async throws -> Void
    ) async throws {
        try await LocalStack.withTemporary(options: stackOptions) { stack in
            try await seed(stack, terms)
            let server = try await start(on: stack, eventLoops: eventLoops, configure: configure)
            do {
                try await body(server)
                try await server.stop()
            } catch {
                try await server.stop()
                throw error
            }
        }
    }

    /// Creates and opens a sale.
    @discardableResult
    static func seed(_ stack: LocalStack, _ terms: SaleTerms) async throws -> Sale {
        let postgres = try await PostgresConnection.connect(
            to: PostgresEndpoint(parsing: stack.postgresURL),
            options: .patient(),
            logger: logger
        )
        _ = try await Migrator().migrate(postgres)
        let redis = try await RedisClient.connect(
            to: RedisEndpoint(parsing: stack.redisURL),
            on: MultiThreadedEventLoopGroup.singleton,
            options: .patient(),
            logger: logger
        )
        _ = try await Handshake(redis: redis, postgres: postgres).validate()
        _ = try await SaleStore(postgres: postgres).seed(terms)
        let sale = try #require(try await SaleStore(postgres: postgres).unfinished().last)
        let opened = try await SaleOpener(redis: redis, postgres: postgres).open(sale)
        await redis.close()
        await postgres.close()
        return opened
    }

    /// Starts another server on the same stores.
    static func start(
        on stack: LocalStack,
        eventLoops: Int = 1,
        rotate: HourlyTerms? = nil,
        logger: Logger = TestServer.logger,
        configure: @Sendable (inout ServerOptions) -> Void = { _ in }
    ) async throws -> TestServer {
        var options = ServerOptions(
            redis: try RedisEndpoint(parsing: stack.redisURL),
            postgres: try PostgresEndpoint(parsing: stack.postgresURL)
        )
        options.host = "127.0.0.1"
        options.port = 0
        options.eventLoops = eventLoops
        options.rotate = rotate
        options.shutdownDelayMilliseconds = 50
        options.quietMilliseconds = 0
        options.times = .patient
        configure(&options)
        let (listening, announce) = AsyncStream<(Int, Sale?)>.makeStream()
        options.onListening = { _, port, sale in
            announce.yield((port, sale))
            announce.finish()
        }
        let group = ServiceGroup(services: [FlashServer(options: options, logger: logger)], logger: logger)
        let running = Task {
            do {
                try await group.run()
            } catch {
                announce.finish()
                throw error
            }
        }
        for await (port, sale) in listening {
            let open = try #require(sale)
            return TestServer(stack: stack, port: port, sale: open, group: group, running: running)
        }
        try await running.value
        throw ServerError(.cannotListen, "the server ended before it listened")
    }

    /// Stops gracefully.
    func stop() async throws {
        await group.triggerGracefulShutdown()
        try await running.value
    }

    /// A new connection to the server.
    func connect() async throws -> HTTPTestClient {
        try await HTTPTestClient.connect(port: port)
    }

    /// One statement on a connection of its own; the rows as text.
    func sql(_ statement: String) async throws -> [[String?]] {
        let postgres = try await PostgresConnection.connect(
            to: PostgresEndpoint(parsing: stack.postgresURL),
            options: .patient(),
            logger: TestServer.logger
        )
        let rows = try await postgres.query(SQL(unsafeRaw: statement))
        let texts = try rows.map { row in try (0..<row.count).map { try row[$0].optional?.text } }
        await postgres.close()
        return texts
    }

    /// All counters of the sale at one instant.
    func snapshot() async throws -> SaleSnapshot {
        let redis = try await redis()
        let reply = try await redis.sendRaw(SnapshotCall.command(keys: SaleKeys(sale.id)))
        await redis.close()
        return try #require(try SnapshotCall.parse(reply))
    }

    /// A client with the scripts loaded.
    func redis() async throws -> RedisClient { try await TestServer.redis(stack) }

    /// A client with the scripts loaded.
    static func redis(_ stack: LocalStack) async throws -> RedisClient {
        let client = try await RedisClient.connect(
            to: RedisEndpoint(parsing: stack.redisURL),
            on: MultiThreadedEventLoopGroup.singleton,
            options: .patient(),
            logger: TestServer.logger
        )
        for command in SaleScript.loadCommands { _ = try await client.send(command) }
        return client
    }

    /// Waits until the statement's first cell has this value.
    func eventually(_ statement: String, is expected: String) async throws {
        try await until(expected) { try await sql(statement).first?.first ?? nil }
    }
}
