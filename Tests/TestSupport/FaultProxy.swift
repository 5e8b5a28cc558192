import Foundation
import Synchronization

/// Stands between our processes and a store, on a TCP port, and is as bad as a network can be.
package final class FaultProxy: Sendable {
    package enum Mode: Sendable, Equatable {
        case pass
        /// Everything arrives so much later, in each direction.
        case delay(milliseconds: Int)
        /// Nothing can be connected, and what is connected is cut.
        case cut
        /// Connections are accepted and stay open; whatever is sent disappears.
        case halfOpen
    }

    /// Requests after which the connection breaks before their answer, though the store has done what they ask.
    struct LostAnswers: Sendable {
        /// The request is recognised by any of these.
        let marks: [[UInt8]]
        /// How many such requests pass between two that lose their answer.
        let spared: Int
        var left: Int
        var untilNext = 0
    }

    package struct CannotListen: Error, CustomStringConvertible {
        package let description: String
    }

    private struct State {
        var mode = Mode.pass
        var lostAnswers: LostAnswers?
        var lost = 0
        var connections: [Int: ProxyConnection] = [:]
        var next = 0
        var isStopped = false
    }

    package let port: Int
    private let target: String
    private let listener: Int32
    private let state = Mutex(State())

    /// Listens on a free port of this machine and connects to the unix socket `target`.
    package init(to target: String) throws {
        self.target = target
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 64) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard result else {
            Glibc.close(listener)
            throw CannotListen(description: "the proxy cannot listen: errno \(errno)")
        }
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in accept() }
    }

    /// From now on. Connections that have lost bytes are cut, as they would be by the first retransmission.
    package func enter(_ mode: Mode) {
        let doomed = state.withLock { state in
            let hasHealed = state.mode == .halfOpen && mode != .halfOpen
            state.mode = mode
            return mode == .cut || hasHealed ? Array(state.connections.values) : []
        }
        doomed.forEach { $0.cut() }
    }

    /// Whatever is sent from now on over the connections that are open disappears, in both directions; new ones pass.
    /// So does a firewall that has forgotten them.
    package func forgetConnections() {
        state.withLock { Array($0.connections.values) }.forEach { $0.forget() }
    }

    /// Loses the answers of requests that hold one of `marks`: the first of them, then every `spared + 1`th.
    package func loseAnswers(to marks: [String], times: Int, spared: Int = 0) {
        state.withLock {
            $0.lostAnswers = LostAnswers(marks: marks.map { Array($0.utf8) }, spared: spared, left: times)
        }
    }

    /// How many answers were lost so far.
    package var lostAnswers: Int { state.withLock { $0.lost } }

    /// Ends everything.
    package func stop() {
        let connections = state.withLock { state in
            state.isStopped = true
            return Array(state.connections.values)
        }
        shutdown(listener, Int32(SHUT_RDWR))
        Glibc.close(listener)
        connections.forEach { $0.cut() }
    }

    var mode: Mode { state.withLock { $0.mode } }

    /// Whether this request is one whose answer gets lost.
    func losesAnswer(to request: [UInt8]) -> Bool {
        state.withLock { state in
            guard var lost = state.lostAnswers, lost.left > 0,
                lost.marks.contains(where: { request.firstRange(of: $0) != nil })
            else { return false }
            let isDue = lost.untilNext == 0
            lost.untilNext = isDue ? lost.spared : lost.untilNext - 1
            if isDue {
                lost.left -= 1
                state.lost += 1
            }
            state.lostAnswers = lost
            return isDue
        }
    }

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else { return }
            // A server that is started now must not inherit it: it would keep the connection open.
            _ = fcntl(client, F_SETFD, FD_CLOEXEC)
            guard mode != .cut, let store = RawSocket.connect(to: target) else {
                Glibc.close(client)
                continue
            }
            let connection = ProxyConnection(client: client, store: store, proxy: self)
            let number = state.withLock { state -> Int? in
                guard !state.isStopped else { return nil }
                state.next += 1
                state.connections[state.next] = connection
                return state.next
            }
            guard let number else { return connection.close() }
            Thread.detachNewThread { [self] in
                connection.run()
                _ = state.withLock { $0.connections.removeValue(forKey: number) }
                connection.close()
            }
        }
    }
}
