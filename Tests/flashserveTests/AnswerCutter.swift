import Foundation
import Synchronization

@testable import FlashSaleKit

/// Stands between a server and Postgres. While it is armed, the database does what it is asked and the answer is lost:
/// of a COMMIT, or of the statement by which the ledger is written.
final class AnswerCutter: Sendable {
    /// What the asker of a commit sends: the simple query, or the statement that commits itself.
    private static let commits = ["Q\0\0\0\u{b}commit\0", "insert into ledger"].map { Array($0.utf8) }

    let folder: String
    private let server: String
    private let listener: Int32
    private let state = Mutex((armed: false, cuts: 0))

    /// Answers that were lost so far.
    var cuts: Int { state.withLock { $0.cuts } }

    /// Whether every second commit from now on loses its answer.
    func arm(_ armed: Bool) { state.withLock { $0.armed = armed } }

    init(to stack: LocalStack) throws {
        folder = try TemporaryStacks.newFolder()
        server = "\(stack.postgresSocketFolder)/.s.PGSQL.\(StackLayout.postgresPort)"
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard AnswerCutter.withAddress("\(folder)/.s.PGSQL.5432", { bind(listener, $0, $1) }) == 0,
            listen(listener, 64) == 0
        else { throw POSIXError(.EADDRNOTAVAIL) }
        Thread.detachNewThread { [self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                Thread.detachNewThread { [self] in serve(client) }
            }
        }
    }

    var endpoint: PostgresEndpoint {
        get throws { try PostgresEndpoint(parsing: "host=\(folder) user=\(PostgresAccount.name) dbname=postgres") }
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func serve(_ client: Int32) {
        let backend = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer {
            close(client)
            close(backend)
        }
        guard AnswerCutter.withAddress(server, { connect(backend, $0, $1) }) == 0 else { return }
        var commits = 0
        while true {
            var ends = [client, backend].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&ends, 2, -1) > 0 else { return }
            let isQuestion = ends[0].revents != 0
            guard let bytes = AnswerCutter.receive(isQuestion ? client : backend) else { return }
            AnswerCutter.send(bytes, isQuestion ? backend : client)
            guard isQuestion, AnswerCutter.commits.contains(where: { bytes.firstRange(of: $0) != nil }) else {
                continue
            }
            commits += 1
            guard commits > 1, state.withLock(\.armed) else { continue }
            // The answer is the proof that it is committed.
            guard AnswerCutter.receive(backend) != nil else { return }
            return state.withLock { $0.cuts += 1 }
        }
    }

    private static func receive(_ socket: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(socket, &bytes, bytes.count, 0)
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    private static func send(_ bytes: [UInt8], _ socket: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }
}
