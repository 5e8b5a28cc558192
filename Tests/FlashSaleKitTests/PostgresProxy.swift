import Foundation
import Synchronization
import TestSupport

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
        guard let listener = RawSocket.listen(on: "\(folder)/.s.PGSQL.5432") else {
            throw ProgramFailed(description: "the proxy cannot listen: errno \(errno)")
        }
        self.listener = listener
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
        guard let backend = RawSocket.connect(to: server) else {
            close(client)
            return
        }
        defer {
            close(client)
            close(backend)
        }
        var clientSpokeLast = false
        while true {
            var ends = [
                pollfd(fd: client, events: Int16(POLLIN), revents: 0),
                pollfd(fd: backend, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&ends, 2, -1) > 0 else { return }
            if ends[0].revents != 0 {
                guard let bytes = RawSocket.receive(client) else { return }
                clientSpokeLast = true
                if fault != .none, bytes.firstRange(of: PostgresProxy.commit) != nil {
                    return breakAtCommit(bytes, client, backend)
                }
                RawSocket.send(bytes, backend)
            } else if ends[1].revents != 0 {
                guard let bytes = RawSocket.receive(backend) else { return }
                if clientSpokeLast { trips.withLock { $0 += 1 } }
                clientSpokeLast = false
                RawSocket.send(bytes, client)
            }
        }
    }

    private func breakAtCommit(_ bytes: [UInt8], _ client: Int32, _ backend: Int32) {
        guard fault != .dropCommit else { return }
        RawSocket.send(bytes, backend)
        // The answer is the proof that the server has committed.
        _ = RawSocket.receive(backend)
        // Returns when the client gives up.
        if fault == .freeze { _ = RawSocket.receive(client) }
    }
}
