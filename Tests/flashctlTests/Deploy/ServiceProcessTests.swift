import Foundation
import TestSupport
import Testing

/// A real server and the socket of a service manager.
@Suite(.serialized) struct ServiceProcessTests {
    private func variables(_ folder: LocalFolder, _ socket: NotifySocket) -> [String: String] {
        folder.environment.merging(["NOTIFY_SOCKET": socket.name, "WATCHDOG_USEC": "400000"]) { $1 }
    }

    @Test("it says that it is ready, that it lives, and that it stops; what it has started says nothing")
    func lifecycle() async throws {
        try await LocalFolder.with { folder in
            try await NotifySocket.with { socket in
                let ended = try await RunningBinary.serving(
                    ["--local", "--admin-port", "0"],
                    environment: variables(folder, socket)
                ) { server, _ in
                    try await socket.waits { $0.contains("READY=1") }
                    try await socket.waits { $0.contains { $0.hasPrefix("STATUS=sale 1 is open until ") } }
                    try await socket.waits(forPings: 2)
                    for pid in [try folder.redisPID, try folder.postgresPID] {
                        let variables = try Data(contentsOf: URL(filePath: "/proc/\(pid)/environ"))
                        #expect(!String(decoding: variables, as: UTF8.self).contains(socket.name))
                    }
                    try await server.end(by: SIGTERM)
                }
                #expect(ended.status == 0)
                let lines = socket.lines
                #expect(lines.count { $0 == "READY=1" } == 1, "postgres is built to say so too: \(lines)")
                #expect(lines.count { $0 == "STOPPING=1" } == 1)
                let ready = try #require(lines.firstIndex(of: "READY=1"))
                #expect(ready < (try #require(lines.firstIndex(of: "STOPPING=1"))))
            }
        }
    }

    @Test("a process that stands still gives no sign of life")
    func stopped() async throws {
        try await LocalFolder.with { folder in
            try await NotifySocket.with { socket in
                let ended = try await RunningBinary.serving(
                    ["--local", "--admin-port", "0"],
                    environment: variables(folder, socket)
                ) { server, _ in
                    try await socket.waits(forPings: 2)
                    kill(server.pid, SIGSTOP)
                    while !ProcessTable.isStopped(server.pid) { try await Task.sleep(for: .milliseconds(5)) }
                    let before = socket.pings
                    // Longer than the watchdog waits.
                    try await Task.sleep(for: .milliseconds(1200))
                    #expect(socket.pings == before)
                    kill(server.pid, SIGCONT)
                    try await socket.waits(forPings: 2)
                    try await server.end(by: SIGTERM)
                }
                #expect(ended.status == 0)
            }
        }
    }

    @Test("a manager that cannot be reached is one line in the log, and buyers are served")
    func unreachable() async throws {
        try await LocalFolder.with { folder in
            let variables = folder.environment.merging(["NOTIFY_SOCKET": "/nonexistent/notify"]) { $1 }
            let ended = try await RunningBinary.serving(["--local", "--admin-port", "0"], environment: variables) {
                server,
                port in
                let client = try await ShopClient.connect(port: port)
                #expect(try await client.send("GET", "/livez").status == 200)
                try await client.close()
                #expect(server.talk.contains("the service manager could not be told"))
                try await server.end(by: SIGTERM)
            }
            #expect(ended.status == 0)
        }
    }
}
