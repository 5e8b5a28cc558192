import Foundation
import Logging
import Testing

@testable import FlashSaleKit

@Suite("LocalStack: private servers")
struct LocalStackTests {
    @Test("A temporary stack serves both, on unix sockets only, and leaves nothing")
    func temporaryStack() async throws {
        let stack = try await LocalStack.temporary()
        #expect(try await redis(stack, "PING") == "PONG")
        #expect(try await redis(stack, "CONFIG", "GET", "port") == "port\n0")
        #expect(try await redis(stack, "CONFIG", "GET", "maxmemory-policy") == "maxmemory-policy\nnoeviction")
        #expect(try await redis(stack, "CONFIG", "GET", "appendonly") == "appendonly\nyes")
        #expect(try await psql(stack, "show listen_addresses") == "")
        #expect(try await psql(stack, "show server_encoding") == "UTF8")
        #expect(try await psql(stack, "show lc_collate") == "C.UTF-8")
        let pids = try [#require(stack.redisPID), #require(stack.postgresPID)]
        try await stack.destroy()
        #expect(!FileManager.default.fileExists(atPath: stack.directory))
        for pid in pids { #expect(!isAlive(pid)) }
        try await stack.destroy()
    }

    @Test("Servers have a session of their own: Ctrl-C in the terminal does not reach them")
    func ownSession() async throws {
        try await LocalStack.withTemporary { stack in
            let redisPID = try #require(stack.redisPID)
            let postgresPID = try #require(stack.postgresPID)
            #expect(getsid(redisPID) == redisPID)
            #expect(getsid(postgresPID) == postgresPID)
            #expect(getsid(0) != redisPID)
        }
    }

    @Test("Parallel stacks do not see each other")
    func parallel() async throws {
        try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<4 {
                group.addTask {
                    try await LocalStack.withTemporary { stack in
                        _ = try await redis(stack, "INCRBY", "n", "\(number + 1)")
                        _ = try await psql(stack, "create table t as select \(number) as n")
                        #expect(try await redis(stack, "GET", "n") == "\(number + 1)")
                        #expect(try await psql(stack, "select n from t") == "\(number)")
                        return stack.directory
                    }
                }
            }
            var directories: Set<String> = []
            for try await directory in group { directories.insert(directory) }
            #expect(directories.count == 4)
        }
    }

    @Test("Data survives a clean stop and a kill -9 of both")
    func dataSurvives() async throws {
        try await LocalStack.withTemporary(options: .fast.with(redis: ["appendfsync": "always"])) { stack in
            _ = try await redis(stack, "SET", "key", "kept")
            _ = try await psql(stack, "create table kept (n int); insert into kept values (42)")
            try await stack.stopRedis()
            try await stack.stopPostgres()
            #expect(stack.redisPID == nil)
            #expect(stack.postgresPID == nil)
            try await stack.startRedis()
            try await stack.startPostgres()
            #expect(try await redis(stack, "GET", "key") == "kept")
            #expect(try await psql(stack, "select n from kept") == "42")

            try await stack.killRedis()
            try await stack.killPostgres()
            #expect(FileManager.default.fileExists(atPath: stack.redisSocket))
            try await stack.startRedis()
            try await stack.startPostgres()
            #expect(try await redis(stack, "GET", "key") == "kept")
            #expect(try await psql(stack, "select n from kept") == "42")
        }
    }

    @Test("Redis starts again with other settings")
    func otherSettings() async throws {
        try await LocalStack.withTemporary { stack in
            try await stack.stopRedis()
            try await stack.startRedis(settings: ["maxmemory": "100mb", "appendfsync": "always"])
            #expect(try await redis(stack, "CONFIG", "GET", "maxmemory") == "maxmemory\n104857600")
            #expect(try await redis(stack, "CONFIG", "GET", "appendfsync") == "appendfsync\nalways")
        }
    }

    @Test("A paused server answers nothing and goes on afterwards; a paused one can be stopped")
    func pause() async throws {
        try await LocalStack.withTemporary { stack in
            try await stack.pauseRedis()
            try await stack.pausePostgres()
            let pids = try [#require(stack.redisPID), #require(stack.postgresPID)]
            for pid in pids { #expect(state(pid) == "T") }
            stack.resumeRedis()
            stack.resumePostgres()
            #expect(try await redis(stack, "PING") == "PONG")
            #expect(try await psql(stack, "select 1") == "1")
            try await stack.pauseRedis()
            try await stack.stopRedis()
            #expect(stack.redisPID == nil)
        }
    }

    @Test("Of a Postgres that is paused while clients come in, nothing moves")
    func pauseAmongClients() async throws {
        try await LocalStack.withTemporary { stack in
            let folder = stack.layout.postgresData
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<2 {
                    group.addTask { while !Task.isCancelled { _ = try await psql(stack, "select 1") } }
                }
                for _ in 0..<100 {
                    try await Task.sleep(for: .milliseconds(20))
                    try await stack.pausePostgres()
                    let moving = DaemonProcess.all(in: folder).filter { $0.state != "T" }
                    #expect(moving.isEmpty, "\(moving)")
                    stack.resumePostgres()
                }
                group.cancelAll()
            }
        }
    }
}
