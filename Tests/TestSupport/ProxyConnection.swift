import Foundation
import Synchronization

/// One connection through the proxy: a thread that carries bytes both ways.
final class ProxyConnection: Sendable {
    private let client: Int32
    private let store: Int32
    private unowned let proxy: FaultProxy
    /// Descriptors are closed once, by the thread that uses them; everybody else may only shut them down before.
    private let isOpen = Mutex(true)
    private let isForgotten = Atomic(false)

    init(client: Int32, store: Int32, proxy: FaultProxy) {
        self.client = client
        self.store = store
        self.proxy = proxy
    }

    /// Ends `run` at once.
    func cut() {
        isOpen.withLock { isOpen in
            guard isOpen else { return }
            shutdown(client, Int32(SHUT_RDWR))
            shutdown(store, Int32(SHUT_RDWR))
        }
    }

    /// Keeps both ends open and carries nothing more.
    func forget() {
        isForgotten.store(true, ordering: .relaxed)
    }

    func close() {
        isOpen.withLock { isOpen in
            guard isOpen else { return }
            isOpen = false
            Glibc.close(client)
            Glibc.close(store)
        }
    }

    /// Carries bytes until an end closes or an answer is to be lost.
    func run() {
        while true {
            var ends = [
                pollfd(fd: client, events: Int16(POLLIN), revents: 0),
                pollfd(fd: store, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&ends, 2, -1) > 0 else { return }
            if ends[0].revents != 0, !carryRequest() { return }
            if ends[1].revents != 0, !carryAnswer() { return }
        }
    }

    private func carryRequest() -> Bool {
        guard let bytes = RawSocket.receive(client) else { return false }
        guard passes() else { return true }
        let losesAnswer = proxy.losesAnswer(to: bytes)
        guard RawSocket.send(bytes, store) else { return false }
        // The answer is the proof that the store has done it.
        if losesAnswer { _ = RawSocket.receive(store) }
        return !losesAnswer
    }

    private func carryAnswer() -> Bool {
        guard let bytes = RawSocket.receive(store) else { return false }
        return !passes() || RawSocket.send(bytes, client)
    }

    /// Waits as long as the proxy delays; false when the bytes disappear.
    private func passes() -> Bool {
        guard !isForgotten.load(ordering: .relaxed) else { return false }
        switch proxy.mode {
        case .pass, .cut: return true
        case .halfOpen: return false
        case .delay(let milliseconds):
            Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
            return true
        }
    }
}
