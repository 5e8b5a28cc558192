import Foundation
import Testing

@testable import FlashSaleKit

@Suite("LocalStack: parts")
struct LocalStackPartsTests {
    @Test("The folder follows XDG_STATE_HOME, else HOME; relative paths count for nothing")
    func defaultDirectory() throws {
        func directory(_ environment: [String: String]) throws -> String {
            try StackLayout.defaultDirectory(environment: environment)
        }
        #expect(try directory(["XDG_STATE_HOME": "/s", "HOME": "/h"]) == "/s/flashctl/local")
        #expect(try directory(["HOME": "/h"]) == "/h/.local/state/flashctl/local")
        #expect(try directory(["XDG_STATE_HOME": "s", "HOME": "/h"]) == "/h/.local/state/flashctl/local")
        let error = #expect(throws: LocalStackError.self) { try directory(["HOME": ""]) }
        #expect(error?.nextStep == "set XDG_STATE_HOME")
    }

    @Test("Sockets move only when their path does not fit any more")
    func socketFolder() {
        let rest = "/run/postgres/.s.PGSQL.5432".utf8.count
        let fits = "/" + String(repeating: "a", count: 107 - rest - 1)
        #expect(StackLayout(directory: fits).socketFolder == fits + "/run")
        #expect(StackLayout(directory: fits).postgresSocket.utf8.count == 107)
        let long = StackLayout(directory: fits + "a")
        #expect(long.socketFolder.hasPrefix("/tmp/flashctl-"))
        #expect(long.socketFolder != StackLayout(directory: fits + "b").socketFolder)
    }

    @Test("Missing servers: the error names the packages")
    func missingBinaries() throws {
        let error = #expect(throws: LocalStackError.self) { try StackTools.find(in: ["/nonexistent"]) }
        #expect(error?.code == .missingBinary)
        #expect(error?.description.contains("apt-get install redis-server postgresql") == true)
        let tools = try StackTools.find()
        #expect(tools.initdb.hasSuffix("/initdb"))
        #expect(FileManager.default.isExecutableFile(atPath: tools.postgres))
    }

    @Test("Paths with odd characters survive URLs, the shell and both configuration files")
    func quoting() {
        #expect(LocalStack.percentEncoded("/a b/ä?#%") == "/a%20b/%C3%A4%3F%23%25")
        #expect(LocalStack.percentEncoded("/a", keeping: "") == "%2Fa")
        #expect(LocalStack.shellQuoted("/tmp/a-b_c.d") == "/tmp/a-b_c.d")
        #expect(LocalStack.shellQuoted("it's") == "'it'\\''s'")
        #expect(LocalStack.shellQuoted("") == "''")
        #expect(RedisDaemon.quoted("a\"b\\") == "\"a\\\"b\\\\\"")
        #expect(PostgresDaemon.listQuoted("/a,\"b") == "\"/a,\"\"b\"")
    }

    @Test("Addresses work with psql and redis-cli as printed")
    func addresses() async throws {
        try await LocalStack.withTemporary { stack in
            let number = try await output(["sh", "-c", stack.psqlCommand + " -XAtc 'select 1'"])
            let pong = try await output(["sh", "-c", stack.redisCLICommand + " ping"])
            #expect(number == "1")
            #expect(pong == "PONG")
            #expect(stack.redisURL == "unix://" + stack.redisSocket)
            #expect(stack.postgresURL.contains("host=%2Ftmp%2Fflashctl-test-"))
            for log in [stack.redisLog, stack.postgresLog] {
                #expect(FileManager.default.fileExists(atPath: log))
            }
        }
    }

    @Test("Nobody else may enter the data or use the sockets")
    func rights() async throws {
        try await LocalStack.withTemporary { stack in
            for path in [stack.postgresSocketFolder, stack.directory + "/postgres", stack.directory + "/redis"] {
                let rights = try mode(path)
                #expect(rights == 0o700, "\(path)")
            }
            let socketRights = try mode(stack.redisSocket)
            #expect(socketRights == 0o700)
        }
    }

    @Test("A folder of somebody else, or a link, is refused")
    func foreignFolder() async throws {
        let parent = try TemporaryStacks.newFolder()
        defer { removeFolder(parent) }
        try FileManager.default.createSymbolicLink(atPath: parent + "/link", withDestinationPath: "/tmp")
        let error = await #expect(throws: LocalStackError.self) {
            try await LocalStack.attachOrStart(directory: parent + "/link", options: .fast, logger: quietLogger)
        }
        #expect(error?.code == .folder)
    }

    @Test("Locks: shared ones go together, an exclusive one is alone and ends with its file")
    func locks() async throws {
        let path = try TemporaryStacks.newFolder()
        defer { removeFolder(path) }
        let first = try FileLock(path: path + "/lock")
        let second = try FileLock(path: path + "/lock")
        let third = try FileLock(path: path + "/lock")
        #expect(first.tryLock(.shared))
        #expect(second.tryLock(.shared))
        #expect(!third.tryLock(.exclusive))
        let error = await #expect(throws: LocalStackError.self) {
            try await third.lock(.exclusive, limit: .milliseconds(30))
        }
        #expect(error?.code == .locked)
        first.close()
        second.unlock()
        try await third.lock(.exclusive, limit: TestPatience.limit)
        #expect(!second.tryLock(.shared))
        #expect(!first.tryLock(.shared), "closed")
    }

    @Test("Options: settings are laid over, durable is durable")
    func options() {
        let options = LocalStackOptions.durable.with(redis: ["appendfsync": "always"], postgres: ["jit": "on"])
        #expect(options.redis["appendfsync"] == "always")
        #expect(options.redis["maxmemory-policy"] == "noeviction")
        #expect(options.postgres["jit"] == "on")
        #expect(LocalStackOptions.durable.postgres["fsync"] == "on")
        #expect(LocalStackOptions.fast.postgres["fsync"] == "off")
    }

    private func removeFolder(_ path: String) {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            Issue.record(error)
        }
    }

    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? NSNumber).intValue
    }
}
