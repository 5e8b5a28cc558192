import Foundation
import Testing

@testable import FlashSaleKit

@Suite("LocalStack: sharing, crashes and folders")
struct LocalStackSharingTests {
    @Test("The last user stops the servers, nobody before")
    func lastOneOut() async throws {
        try await withFolder { directory in
            let first = try await LocalStack.attachOrStart(directory: directory, options: .fast, logger: quietLogger)
            let second = try await LocalStack.attachOrStart(directory: directory, options: .fast, logger: quietLogger)
            let pid = try #require(first.redisPID)
            #expect(second.redisPID == pid)
            #expect(second.postgresPID == first.postgresPID)
            _ = try await redis(first, "SET", "seen", "by both")

            try await first.release()
            try await first.release()
            #expect(second.redisPID == pid)
            #expect(try await redis(second, "GET", "seen") == "by both")

            try await second.release()
            #expect(!isAlive(pid))
            #expect(second.postgresPID == nil)
            #expect(!FileManager.default.fileExists(atPath: directory + "/postgres/postmaster.pid"))

            let third = try await LocalStack.attachOrStart(directory: directory, options: .fast, logger: quietLogger)
            #expect(try await redis(third, "GET", "seen") == "by both")
            try await third.release()
        }
    }

    @Test("Users that come and go at the same time never meet a stopped server")
    func crowd() async throws {
        try await withFolder { directory in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        let stack = try await LocalStack.attachOrStart(
                            directory: directory,
                            options: .fast,
                            logger: quietLogger
                        )
                        #expect(try await redis(stack, "PING") == "PONG")
                        #expect(try await psql(stack, "select 1") == "1")
                        try await stack.release()
                    }
                }
                try await group.waitForAll()
            }
            #expect(DaemonProcess.all(in: directory + "/redis").isEmpty)
            #expect(DaemonProcess.all(in: directory + "/postgres").isEmpty)
        }
    }

    @Test("After kill -9 of the starter the servers go on, and the next user attaches and stops them")
    func starterKilled() async throws {
        try await withFolder { directory in
            await #expect(processExitsWith: .signal(SIGKILL)) { [directory = directory as String] in
                let stack = try await LocalStack.attachOrStart(
                    directory: directory,
                    options: .fast,
                    logger: quietLogger
                )
                _ = try await redis(stack, "SET", "from", "the dead")
                kill(getpid(), SIGKILL)
            }
            let running = DaemonProcess.all(in: directory + "/redis").map(\.pid)
            #expect(running.count == 1)
            let stack = try await LocalStack.attachOrStart(directory: directory, options: .fast, logger: quietLogger)
            #expect(stack.redisPID == running.first)
            #expect(try await redis(stack, "GET", "from") == "the dead")
            try await stack.release()
            #expect(DaemonProcess.all(in: directory + "/redis").isEmpty)
            #expect(DaemonProcess.all(in: directory + "/postgres").isEmpty)
        }
    }

    @Test("A power loss: pid files whose numbers belong to strangers now, and old sockets")
    func stalePIDFiles() async throws {
        try await withFolder { directory in
            let first = try await LocalStack.attachOrStart(directory: directory, options: .fast, logger: quietLogger)
            _ = try await psql(first, "create table t as select 7 as n")
            let postmaster = directory + "/postgres/postmaster.pid"
            let content = try String(contentsOfFile: postmaster, encoding: .utf8)
            let pid = try #require(first.postgresPID)
            try await first.killRedis()
            try await first.killPostgres()
            try await first.release()
            let stranger = content.replacingOccurrences(of: "\(pid)\n", with: "\(getpid())\n")
            try stranger.write(toFile: postmaster, atomically: true, encoding: .utf8)
            try "\(getpid())\n".write(toFile: directory + "/redis.pid", atomically: true, encoding: .utf8)

            let second = try await LocalStack.attachOrStart(directory: directory, options: .fast, logger: quietLogger)
            #expect(try await psql(second, "select n from t") == "7")
            #expect(try await redis(second, "PING") == "PONG")
            try await second.release()
        }
    }

    @Test("Release works in a cancelled task")
    func releaseWhenCancelled() async throws {
        try await withFolder { directory in
            let stack = try await LocalStack.attachOrStart(directory: directory, options: .fast, logger: quietLogger)
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                try await stack.release()
            }
            task.cancel()
            try await task.value
            #expect(stack.redisPID == nil)
            #expect(stack.postgresPID == nil)
        }
    }

    @Test("A path too long for sockets: they move to a short private folder")
    func longPath() async throws {
        try await withFolder { parent in
            let directory = parent + "/" + String(repeating: "long/", count: 24) + "it's a folder"
            let stack = try await LocalStack.attachOrStart(directory: directory, options: .fast, logger: quietLogger)
            #expect(stack.redisSocket.hasPrefix("/tmp/flashctl-\(getuid())-"))
            #expect(stack.redisSocket.utf8.count <= StackLayout.longestSocketPath)
            #expect(try await redis(stack, "PING") == "PONG")
            #expect(try await psql(stack, "select 1") == "1")
            try await stack.release()
            try FileManager.default.removeItem(atPath: StackLayout(directory: directory).socketFolder)
        }
    }

    @Test("A server that cannot start says why, and leaves the other one stopped")
    func startFails() async throws {
        try await withFolder { directory in
            let options = LocalStackOptions.fast.with(redis: ["maxmemory-policy": "nonsense"])
            let error = await #expect(throws: LocalStackError.self) {
                _ = try await LocalStack.attachOrStart(directory: directory, options: options, logger: quietLogger)
            }
            #expect(error?.code == .startFailed)
            #expect(error?.description.contains("nonsense") == true)
            #expect(DaemonProcess.all(in: directory + "/postgres").isEmpty)
        }
    }

    @Test("What a killed test run left is found, stopped and removed")
    func remains() async throws {
        let directory = try TemporaryStacks.newFolder()
        await #expect(processExitsWith: .signal(SIGKILL)) { [directory = directory as String] in
            _ = try await LocalStack.attachOrStart(directory: directory, options: .fast, logger: quietLogger)
            kill(getpid(), SIGKILL)
        }
        await TemporaryStacks.sweep()
        #expect(FileManager.default.fileExists(atPath: directory), "a young folder may still be in the making")
        let old = [FileAttributeKey.modificationDate: Date(timeIntervalSinceNow: -3600)]
        try FileManager.default.setAttributes(old, ofItemAtPath: directory)
        let pids = DaemonProcess.all(in: directory + "/redis") + DaemonProcess.all(in: directory + "/postgres")
        await TemporaryStacks.sweep()
        #expect(!FileManager.default.fileExists(atPath: directory))
        #expect(pids.count > 1)
        for process in pids { #expect(!process.isRunning) }
    }
}

/// A folder of mktemp, closed to every other user; removed afterwards.
private func withFolder(_ body: (String) async throws -> Void) async throws {
    let path = try #require(makeFolder())
    do {
        try await body(path + "/state/local")
        try FileManager.default.removeItem(atPath: path)
    } catch {
        try await TemporaryStacks.remove(StackLayout(directory: path + "/state/local"))
        try FileManager.default.removeItem(atPath: path)
        throw error
    }
}

private func makeFolder() -> String? {
    var name = Array("/tmp/flashctl-share-XXXXXX".utf8CString)
    guard mkdtemp(&name) != nil else { return nil }
    return String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
