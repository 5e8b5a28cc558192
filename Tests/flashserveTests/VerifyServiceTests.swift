import FlashSaleKit
import Foundation
import NIOPosix
import Testing

@testable import flashserve

/// The recount that a server makes by itself, beside a server that sells.
@Suite(.serialized) struct VerifyServiceTests {
    /// The parts of a server whose recount runs often; `body` gets its state.
    private func withRecount(
        _ server: TestServer,
        _ body: @Sendable (ServerState) async throws -> Void
    ) async throws {
        var options = ServerOptions(
            redis: try RedisEndpoint(parsing: server.stack.redisURL),
            postgres: try PostgresEndpoint(parsing: server.stack.postgresURL)
        )
        options.verifyInterval = .milliseconds(100)
        options.times = .patient
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let parts = try await RunningServer.assemble(options, group, group, TestServer.logger)
        try await parts.supervisor.validate()
        let recounts = Task { await parts.verification.run() }
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(parts.state))
        } catch {
            outcome = .failure(error)
        }
        recounts.cancel()
        await recounts.value
        for loop in parts.loops { try await loop.ask { $0.stop() } }
        await parts.pages.close()
        await parts.links.close()
        try await group.shutdownGracefully()
        try outcome.get()
    }

    /// The next recount that begins after now.
    private func recount(_ state: ServerState) async throws -> VerificationStatus {
        let before = state.current.verification
        try await until(true) { state.current.verification != nil && state.current.verification != before }
        return try #require(state.current.verification)
    }

    @Test("no false alarm while buyers, payers and drains are at work")
    func underLoad() async throws {
        try await TestServer.with(TestServer.terms(stock: 300, limit: 3, holdMilliseconds: 1500)) { server in
            try await withRecount(server) { state in
                let buyers = (0..<8).map { buyer in
                    Task {
                        let client = try await server.connect()
                        for round in 0..<150 {
                            let answer = try await client.checkout("user\(buyer)-\(round / 4)")
                            guard answer.status == 201, round % 3 == 0 else { continue }
                            _ = try await client.purchase(try #require(try answer.json["code"] as? String))
                        }
                        try await client.close()
                    }
                }
                var recounts = 0
                for buyer in buyers {
                    let status = try await recount(state)
                    recounts += 1
                    #expect(status.violations == 0, "\(status.sentences)")
                    #expect(status.sales == 1)
                    try await buyer.value
                }
                let last = try await recount(state)
                #expect(last.violations == 0, "\(last.sentences)")
                #expect(recounts == 8)
            }
        }
    }

    @Test("a broken promise is published with its sentence, and its repair too")
    func broken() async throws {
        try await TestServer.with { server in
            try await withRecount(server) { state in
                #expect(try await recount(state).violations == 0)
                let redis = try await server.redis()
                _ = try await redis.send(RedisCommand("HINCRBY", "fs:{\(server.sale.id)}:users", "ghost", "1"))
                _ = try await recount(state)
                let status = try await recount(state)
                #expect(status.violations == 1)
                #expect(status.sentences.first?.contains("user 'ghost' of sale \(server.sale.id)") == true)
                _ = try await redis.send(RedisCommand("HDEL", "fs:{\(server.sale.id)}:users", "ghost"))
                _ = try await recount(state)
                #expect(try await recount(state).violations == 0)
                await redis.close()
            }
        }
    }
}
