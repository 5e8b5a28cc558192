import Foundation
import Testing

@testable import flashserve

/// What the environment says of a service manager, and how it is told something.
@Suite struct ServiceManagerTests {
    @Test func withoutASocketThereIsNone() {
        #expect(ServiceManager(variables: [:]) == nil)
        #expect(ServiceManager(variables: ["NOTIFY_SOCKET": "", "WATCHDOG_USEC": "1000"]) == nil)
    }

    @Test("the watchdog is that of this process, and a time")
    func watchdog() throws {
        let cases: [([String: String], Duration?)] = [
            ([:], nil),
            (["WATCHDOG_USEC": "15000000"], .seconds(15)),
            (["WATCHDOG_USEC": "15000000", "WATCHDOG_PID": "7"], .seconds(15)),
            (["WATCHDOG_USEC": "15000000", "WATCHDOG_PID": "8"], nil),
            (["WATCHDOG_USEC": "0"], nil),
            (["WATCHDOG_USEC": "-5"], nil),
            (["WATCHDOG_USEC": "soon"], nil),
            (["WATCHDOG_USEC": "99999999999999999999"], nil),
        ]
        for (variables, expected) in cases {
            let all = variables.merging(["NOTIFY_SOCKET": "/run/systemd/notify"]) { $1 }
            let manager = try #require(ServiceManager(variables: all, process: 7))
            #expect(manager.watchdog == expected, "\(variables)")
        }
    }

    @Test("one datagram, to a path and to an abstract name", arguments: [false, true])
    func datagrams(abstract: Bool) async throws {
        try await NotifySocket.with(abstract: abstract) { socket in
            let manager = try #require(ServiceManager(variables: ["NOTIFY_SOCKET": socket.name]))
            try await manager.tell(["READY=1", "STATUS=well"])
            try await manager.tell(["STOPPING=1"])
            #expect(socket.datagrams == ["READY=1\nSTATUS=well", "STOPPING=1"])
        }
    }

    @Test("a manager that reads slowly gets everything")
    func slowReader() async throws {
        try await NotifySocket.with { socket in
            let manager = try #require(ServiceManager(variables: ["NOTIFY_SOCKET": socket.name]))
            // The system queues a few (net.unix.max_dgram_qlen) and refuses the next ones.
            async let told: Void = {
                for number in 0..<600 { try await manager.tell(["STATUS=\(number)"]) }
            }()
            try await socket.waits { $0.last == "STATUS=599" }
            try await told
            #expect(socket.datagrams == (0..<600).map { "STATUS=\($0)" })
        }
    }

    @Test("what cannot be reached is an error and not the end")
    func unreachable() async throws {
        let cases: [(String, Int32)] = [
            ("/nonexistent/notify", ENOENT),
            ("@flashctl-nobody-listens", ECONNREFUSED),
            ("vsock:2:1234", EAFNOSUPPORT),
            ("relative", EAFNOSUPPORT),
            ("/" + String(repeating: "x", count: 200), ENAMETOOLONG),
        ]
        for (name, code) in cases {
            let manager = try #require(ServiceManager(variables: ["NOTIFY_SOCKET": name]))
            await #expect(throws: ServiceManager.Failure(code: code), "\(name)") { try await manager.tell(["READY=1"]) }
        }
        #expect("\(ServiceManager.Failure(code: ENOENT))" == "No such file or directory")
    }
}
