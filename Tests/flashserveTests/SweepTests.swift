import FlashSaleKit
import NIOPosix
import Testing

@testable import flashserve

/// The sweep alone: what its own replies tell it about Redis.
@Suite(.serialized) struct SweepTests {
    @Test("a Redis that became a replica is not used any more as soon as the sweep meets it")
    func demoted() async throws {
        try await LocalStack.withTemporary { stack in
            try await TestServer.seed(stack, TestServer.terms())
            let options = ServerOptions(
                redis: try RedisEndpoint(parsing: stack.redisURL),
                postgres: try PostgresEndpoint(parsing: stack.postgresURL)
            )
            let state = ServerState()
            let postgres = PostgresLink(endpoint: options.postgres, logger: TestServer.logger)
            let supervisor = RedisSupervisor(
                options: options,
                postgres: postgres,
                group: MultiThreadedEventLoopGroup.singleton,
                state: state,
                logger: TestServer.logger
            )
            try await supervisor.validate()
            let sweep = ExpirySweep(
                supervisor: supervisor,
                postgres: postgres,
                state: state,
                loops: [],
                logger: TestServer.logger
            )
            let running = Task { await sweep.run() }
            try await Task.sleep(for: .milliseconds(600))
            #expect(state.current.redis != nil)
            let redis = try await TestServer.redis(stack)
            // Nobody listens there: it stays a replica without a master.
            _ = try await redis.send(RedisCommand("REPLICAOF", "127.0.0.1", "1"))
            // Nobody else looks here: only the sweep can have noticed.
            try await until(true) { state.current.redis == nil }
            #expect(state.current.redisTrouble?.contains("READONLY") == true, "\(state.current.redisTrouble ?? "")")
            running.cancel()
            await running.value
            await redis.close()
            await postgres.close()
        }
    }
}
