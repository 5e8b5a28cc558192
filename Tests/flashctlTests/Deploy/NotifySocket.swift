import Foundation
import Synchronization
import Testing

/// The end of systemd: a datagram socket on which a service says how it is.
final class NotifySocket: Sendable {
    /// What `NOTIFY_SOCKET` says.
    let name: String
    private let descriptor: Int32
    /// All datagrams so far.
    private let received = Mutex<[String]>([])

    /// Runs `body` with a socket at a path, or with a name that is in no file system.
    static func with(abstract: Bool = false, _ body: @Sendable (NotifySocket) async throws -> Void) async throws {
        let unique = "flashctl-notify-\(UUID().uuidString)"
        let path = FileManager.default.temporaryDirectory.appending(path: unique).path
        let socket = try NotifySocket(name: abstract ? "@" + unique : path)
        defer {
            close(socket.descriptor)
            unlink(path)
        }
        try await body(socket)
    }

    private init(name: String) throws {
        self.name = name
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        descriptor = socket(AF_UNIX, type, 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(name.utf8)
        if name.hasPrefix("@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        try #require(result == 0, "bind: errno \(errno)")
    }

    /// Everything that has come so far, in its order.
    var datagrams: [String] {
        received.withLock { received in
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                guard count > 0 else { return received }
                received.append(String(decoding: buffer[..<count], as: UTF8.self))
            }
        }
    }

    /// All lines of all datagrams.
    var lines: [String] { datagrams.flatMap { $0.split(separator: "\n").map(String.init) } }

    /// How many signs of life have come.
    var pings: Int { lines.count { $0 == "WATCHDOG=1" } }

    /// Waits until the lines are as wanted.
    func waits(until isWanted: @Sendable ([String]) -> Bool) async throws {
        try await eventually("the lines that are wanted") { isWanted(lines) }
    }

    /// Waits until so many more signs of life have come.
    func waits(forPings more: Int) async throws {
        let wanted = pings + more
        try await waits { $0.count { $0 == "WATCHDOG=1" } >= wanted }
    }
}
