import FlashSaleKit
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import faultsuite

/// The proxy between a client and an echo on a real socket.
@Suite struct FaultProxyTests {
    /// Runs `body` with a proxy to an echo, and what the echo has received.
    private func withProxy(_ body: (FaultProxy, Echo) async throws -> Void) async throws {
        let echo = try Echo()
        let proxy = try FaultProxy(to: echo.path)
        do {
            try await body(proxy, echo)
        } catch {
            proxy.stop()
            echo.stop()
            throw error
        }
        proxy.stop()
        echo.stop()
    }

    @Test func bytesPassBothWays() async throws {
        try await withProxy { proxy, _ in
            let client = try PlainClient(port: proxy.port)
            #expect(client.ask("hello") == "hello")
            #expect(client.ask("again") == "again")
            client.close()
        }
    }

    @Test func aDelayIsADelayInEachDirection() async throws {
        try await withProxy { proxy, _ in
            let client = try PlainClient(port: proxy.port)
            proxy.enter(.delay(milliseconds: 60))
            let started = ContinuousClock.now
            #expect(client.ask("late") == "late")
            #expect(ContinuousClock.now - started >= .milliseconds(120))
            client.close()
        }
    }

    @Test func aCutEndsWhatIsOpenAndRefusesWhatIsNew() async throws {
        try await withProxy { proxy, echo in
            let client = try PlainClient(port: proxy.port)
            #expect(client.ask("one") == "one")
            proxy.enter(.cut)
            #expect(client.ask("two") == nil)
            #expect(try PlainClient(port: proxy.port).ask("three") == nil)
            #expect(echo.received == "one")
            proxy.enter(.pass)
            #expect(try PlainClient(port: proxy.port).ask("four") == "four")
        }
    }

    @Test func aForgottenConnectionIsSilentAndOpenAndANewOnePasses() async throws {
        try await withProxy { proxy, echo in
            let client = try PlainClient(port: proxy.port)
            #expect(client.ask("one") == "one")
            proxy.forgetConnections()
            #expect(client.send("two"))
            #expect(try PlainClient(port: proxy.port).ask("three") == "three")
            #expect(client.receive(milliseconds: 50) == nil && client.isOpen)
            #expect(echo.received == "onethree")
        }
    }

    @Test func halfOpenTakesEverythingAndGivesNothing() async throws {
        try await withProxy { proxy, echo in
            let client = try PlainClient(port: proxy.port)
            proxy.enter(.halfOpen)
            #expect(client.send("lost"))
            let other = try PlainClient(port: proxy.port)
            #expect(other.send("lost too"))
            #expect(client.receive(milliseconds: 200) == nil && client.isOpen)
            #expect(other.receive(milliseconds: 50) == nil && other.isOpen)
            #expect(echo.received == "")
            // What lost bytes cannot go on.
            proxy.enter(.pass)
            #expect(client.receive(milliseconds: 2000) == nil && !client.isOpen)
            #expect(try PlainClient(port: proxy.port).ask("new") == "new")
        }
    }

    @Test func anAnswerIsLostAfterTheRequestWasDone() async throws {
        try await withProxy { proxy, echo in
            proxy.loseAnswers(to: ["commit"], times: 2, spared: 1)
            let requests = ["select", "a commit 1", "a commit 2", "a commit 3", "a commit 4"]
            let answers = try requests.map { try PlainClient(port: proxy.port).ask($0) }
            #expect(answers == ["select", nil, "a commit 2", nil, "a commit 4"])
            #expect(proxy.lostAnswers == 2)
            #expect(echo.received == "selecta commit 1a commit 2a commit 3a commit 4")
        }
    }

    /// The marks are what our drain really sends.
    @Test func aCommitOfPostgresIsRecognised() async throws {
        try await LocalStack.withTemporary { stack in
            let proxy = try FaultProxy(to: stack.postgresSocketFolder + "/.s.PGSQL.5432")
            let endpoint = try PostgresEndpoint(
                parsing: "postgresql://postgres@127.0.0.1:\(proxy.port)/postgres?sslmode=disable"
            )
            let through = try await PostgresConnection.connect(to: endpoint)
            _ = try await through.query("create table t (a int)")
            proxy.loseAnswers(to: ["commit\0"], times: 1)
            let error = await #expect(throws: PostgresError.self) {
                try await through.transaction { try $0.query("insert into t values (1)") }
            }
            #expect(error?.code == .commitUnknown)
            #expect(proxy.lostAnswers == 1)
            let database = Database(socketFolder: stack.postgresSocketFolder)
            #expect(try await database.number("select count(*) from t") == 1)
            proxy.stop()
        }
    }
}

/// Sends back what it gets.
private final class Echo: Sendable {
    let path: String
    private let listener: Int32
    private let bytes = Mutex<[UInt8]>([])

    init() throws {
        let name = FileManager.default.temporaryDirectory.appending(path: "echo-\(UUID().uuidString.prefix(8))").path
        path = name
        let listener = try #require(RawSocket.listen(on: name))
        self.listener = listener
        Thread.detachNewThread { [self] in
            while true {
                let client = Glibc.accept(listener, nil, nil)
                guard client >= 0 else { return }
                Thread.detachNewThread { [self] in serve(client) }
            }
        }
    }

    var received: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        unlink(path)
    }

    private func serve(_ client: Int32) {
        var buffer = [UInt8](repeating: 0, count: 1000)
        while true {
            let count = recv(client, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            bytes.withLock { $0 += buffer[..<count] }
            Glibc.send(client, buffer, count, Int32(MSG_NOSIGNAL))
        }
        close(client)
    }
}

/// A client that speaks and listens in turn.
private final class PlainClient {
    private let descriptor: Int32
    private(set) var isOpen = true

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        address.sin_port = in_port_t(port).bigEndian
        let result = withUnsafePointer(to: &address) { [descriptor] in
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0)
    }

    deinit { close() }

    func send(_ text: String) -> Bool {
        Glibc.send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL)) == text.utf8.count
    }

    /// Nil when nothing comes in time, or when the connection ends.
    func receive(milliseconds: Int32) -> String? {
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&wait, 1, milliseconds) == 1 else { return nil }
        var buffer = [UInt8](repeating: 0, count: 1000)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else {
            isOpen = false
            return nil
        }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    func ask(_ text: String) -> String? { send(text) ? receive(milliseconds: 3000) : nil }

    func close() {
        if isOpen { Glibc.close(descriptor) }
        isOpen = false
    }
}
