import Foundation
import Synchronization

@testable import FlashSaleKit

/// Stands between a client and the Postgres of a stack, counts round trips, and breaks at COMMIT when told to.
final class PostgresProxy: Sendable {
    enum Fault {
        case none
        /// The server never sees the COMMIT.
        case dropCommit
        /// The server commits and the client never hears of it.
        case loseAnswer
        /// As `loseAnswer`, but the connection stays open and silent.
        case freeze
    }

    /// The message for the simple query `commit`.
    private static let commit: [UInt8] = [UInt8(ascii: "Q"), 0, 0, 0, 11] + Array("commit\0".utf8)

    let folder: String
    private let server: String
    private let fault: Fault
    private let listener: Int32
    private let trips = Mutex(0)

    /// Times the client waited for an answer so far, the one of connecting included.
    var roundTrips: Int { trips.withLock { $0 } }

    init(to stack: LocalStack, fault: Fault = .none) throws {
        folder = try TemporaryStacks.newFolder()
        server = "\(stack.postgresSocketFolder)/.s.PGSQL.\(StackLayout.postgresPort)"
        self.fault = fault
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard PostgresProxy.withAddress("\(folder)/.s.PGSQL.5432", { bind(listener, $0, $1) }) == 0,
            listen(listener, 8) == 0
        else { throw ProgramFailed(description: "the proxy cannot listen: errno \(errno)") }
        Thread.detachNewThread { [self] in accept() }
    }

    var endpoint: PostgresEndpoint {
        get throws {
            try PostgresEndpoint(parsing: "host=\(folder) user=\(PostgresAccount.name) dbname=postgres")
        }
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else { return }
            Thread.detachNewThread { [self] in serve(client) }
        }
    }

    private func serve(_ client: Int32) {
        let backend = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer {
            close(client)
            close(backend)
        }
        guard PostgresProxy.withAddress(server, { connect(backend, $0, $1) }) == 0 else { return }
        var clientSpokeLast = false
        while true {
            var ends = [
                pollfd(fd: client, events: Int16(POLLIN), revents: 0),
                pollfd(fd: backend, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&ends, 2, -1) > 0 else { return }
            if ends[0].revents != 0 {
                guard let bytes = PostgresProxy.receive(client) else { return }
                clientSpokeLast = true
                if fault != .none, bytes.firstRange(of: PostgresProxy.commit) != nil {
                    return breakAtCommit(bytes, client, backend)
                }
                PostgresProxy.send(bytes, backend)
            } else if ends[1].revents != 0 {
                guard let bytes = PostgresProxy.receive(backend) else { return }
                if clientSpokeLast { trips.withLock { $0 += 1 } }
                clientSpokeLast = false
                PostgresProxy.send(bytes, client)
            }
        }
    }

    private func breakAtCommit(_ bytes: [UInt8], _ client: Int32, _ backend: Int32) {
        guard fault != .dropCommit else { return }
        PostgresProxy.send(bytes, backend)
        // The answer is the proof that the server has committed.
        _ = PostgresProxy.receive(backend)
        // Returns when the client gives up.
        if fault == .freeze { _ = PostgresProxy.receive(client) }
    }

    private static func receive(_ socket: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(socket, &bytes, bytes.count, 0)
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    private static func send(_ bytes: [UInt8], _ socket: Int32) {
        var position = 0
        while position < bytes.count {
            let count = bytes[position...].withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            position += count
        }
    }

    private static func withAddress(
        _ path: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
