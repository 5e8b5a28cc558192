import Glibc
import Logging
import Synchronization

/// libpq with deadlines: every wait is a `poll(2)` that ends in time, whatever the server does. Belongs to the thread
/// of its connection. A wire that failed in a way that leaves its state unclear is discarded for good.
final class PostgresWire {
    /// Readable from any thread.
    final class Health: Sendable {
        private let usable = Atomic<Bool>(true)
        var isUsable: Bool { usable.load(ordering: .acquiring) }
        fileprivate func end() { usable.store(false, ordering: .releasing) }
    }

    let endpoint: PostgresEndpoint
    let health = Health()
    let wakeup: PostgresWakeup
    let logger: Logger
    /// The call that is running, if it may be interrupted.
    var interrupt: PostgresInterrupt?
    private(set) var libpq: LibpqConnection?
    /// How often something was handed to libpq for sending.
    var sendings = 0
    private var reasonOfEnd = "it was closed"
    private var namesBlockers = false
    /// After a cancellation the server has this long to confirm it; then the connection is discarded.
    private static let cancelGrace: Duration = .seconds(1)

    init(endpoint: PostgresEndpoint, wakeup: PostgresWakeup, logger: Logger) {
        self.endpoint = endpoint
        self.wakeup = wakeup
        self.logger = logger
    }

    /// The connection, or why there is none any more.
    func live() throws(PostgresError) -> LibpqConnection {
        guard let libpq else {
            throw PostgresError(.closed, "the connection to Postgres at \(endpoint.location) is gone: \(reasonOfEnd)")
        }
        return libpq
    }

    /// Closes at once, without waiting for the server.
    func discard(_ reason: String) {
        guard let libpq else { return }
        reasonOfEnd = reason
        health.end()
        libpq.shutDownSocket()
        self.libpq = nil
        logger.debug("Postgres connection closed", metadata: ["at": "\(endpoint.location)", "why": "\(reason)"])
    }

    /// Ends the session politely.
    func close() {
        health.end()
        libpq = nil
    }
}

// MARK: - Connecting

extension PostgresWire {
    func connect(_ options: PostgresOptions) throws(PostgresError) {
        let deadline = ContinuousClock.now + options.connectTimeout
        namesBlockers = options.namesBlockers
        guard let libpq = LibpqConnection(parameters: endpoint.libpqParameters(options)) else {
            health.end()
            throw PostgresError.connectFailed(endpoint, "out of memory")
        }
        var step = libpq.isBad ? LibpqConnection.ConnectStep.failed : .writing
        while true {
            switch step {
            case .connected:
                self.libpq = libpq
                return
            case .failed:
                health.end()
                throw PostgresError.connectFailed(
                    endpoint,
                    libpq.errorMessage,
                    needsPassword: libpq.needsPassword
                )
            case .reading, .writing:
                let events = step == .reading ? POLLIN : POLLOUT
                switch wait(on: libpq.descriptor, for: events, until: deadline) {
                case .ready: step = libpq.connectStep()
                case .interrupted:
                    health.end()
                    throw PostgresError(.cancelled, "connecting to Postgres at \(endpoint.location) was cancelled")
                case .deadline:
                    health.end()
                    throw PostgresError.connectFailed(endpoint, "no answer within \(options.connectTimeout)")
                }
            }
        }
    }

}

// MARK: - Waiting

extension PostgresWire {
    enum Waited {
        case ready
        case interrupted
        case deadline
    }

    /// Waits for the socket, or until `condition` holds after a wakeup. Interruptions of other calls do not end it.
    func wait(
        on descriptor: Int32,
        for events: Int32,
        until deadline: ContinuousClock.Instant,
        or condition: () -> Bool = { false }
    ) -> Waited {
        // poll(2) would ignore a socket that libpq has closed; libpq says why it has.
        guard descriptor >= 0 else { return .ready }
        while true {
            if interrupt?.isRaised == true { return .interrupted }
            if condition() { return .ready }
            let left = ContinuousClock.now.duration(to: deadline).wholeMilliseconds
            guard left > 0 else { return .deadline }
            var watched = [
                pollfd(fd: descriptor, events: Int16(events), revents: 0),
                pollfd(fd: wakeup.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            let count = poll(&watched, 2, Int32(clamping: left))
            if count > 0 {
                if watched[1].revents != 0 { wakeup.clear() }
                // An error or a hang-up counts as ready: libpq finds out what it is.
                if watched[0].revents != 0 { return interrupt?.isRaised == true ? .interrupted : .ready }
            }
        }
    }

    /// As `wait(on:for:until:)`, on the connection; the end of patience ends the statement on the server too.
    private func wait(
        for events: Int32,
        _ libpq: LibpqConnection,
        _ deadline: ContinuousClock.Instant
    ) throws(PostgresError) {
        switch wait(on: libpq.descriptor, for: events, until: deadline) {
        case .ready:
            return
        case .deadline:
            // Once the statement is cancelled, nobody blocks it any more.
            let blockers = namesBlockers ? PostgresBlocker.find(libpq.backendPID, endpoint, logger) : []
            PostgresCanceller.cancel(libpq, wakeup)
            discard("a statement took longer than its deadline")
            guard blockers.isEmpty else { throw PostgresError.blocked(endpoint, by: blockers) }
            throw PostgresError(.timeout, "Postgres at \(endpoint.location) did not answer within the deadline")
        case .interrupted:
            interrupt = nil
            settleAfterCancel(libpq, PostgresCanceller.cancel(libpq, wakeup))
            throw PostgresError(.cancelled, "the statement on Postgres at \(endpoint.location) was cancelled")
        }
    }

    /// The connection stays usable if the server confirms the cancellation soon.
    private func settleAfterCancel(_ libpq: LibpqConnection, _ request: PostgresCanceller.Request?) {
        guard let request else { return discard("a statement could not be cancelled") }
        let deadline = ContinuousClock.now + PostgresWire.cancelGrace
        while true {
            while libpq.isBusy {
                guard wait(on: libpq.descriptor, for: POLLIN, until: deadline) == .ready, libpq.consumeInput() else {
                    return discard("a cancelled statement did not end in time")
                }
            }
            guard let result = libpq.nextResult() else { break }
            switch result.kind {
            case .copyIn, .otherCopy, .pipelineSync, .pipelineAborted:
                return discard("a COPY or a pipeline was cancelled")
            case .failed where result.server?.isFatal ?? true:
                return discard("the server ended the session")
            case .rows, .done, .failed: continue
            }
        }
        if libpq.transactionState == .unknown { return discard("a cancelled statement left its transaction unclear") }
        // A request that is still on its way would end the next statement instead.
        while !request.isAnswered {
            guard wait(on: libpq.descriptor, for: 0, until: deadline, or: { request.isAnswered }) == .ready,
                request.isAnswered
            else { return discard("the request to cancel a statement was not answered in time") }
        }
    }

    /// Hands everything to the kernel, reading meanwhile so that neither side waits for the other for ever.
    func flush(_ libpq: LibpqConnection, _ deadline: ContinuousClock.Instant) throws(PostgresError) {
        while true {
            guard let done = libpq.flush() else { throw lost(libpq) }
            if done { return }
            try wait(for: POLLIN | POLLOUT, libpq, deadline)
            guard libpq.consumeInput() else { throw lost(libpq) }
        }
    }

    /// The next result, or nil at the end of a statement's results.
    func nextResult(
        _ libpq: LibpqConnection,
        _ deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> LibpqResult? {
        while libpq.isBusy {
            try wait(for: POLLIN, libpq, deadline)
            // What the server said before it hung up is a result; without one the connection is lost.
            if !libpq.consumeInput(), libpq.isBusy { throw lost(libpq) }
        }
        return libpq.nextResult()
    }

    /// The connection broke. Says what the server said last, if it said anything.
    func lost(_ libpq: LibpqConnection) -> PostgresError {
        var server: PostgresError.Server?
        // With the socket shut down, reading the last words cannot block.
        libpq.shutDownSocket()
        while let result = libpq.nextResult() {
            if let said = result.server { server = said }
            if result.kind == .copyIn || result.kind == .otherCopy || result.server == nil { break }
        }
        let why = server?.message ?? endpoint.redact(libpq.errorMessage).trimmed
        discard(why)
        return PostgresError(
            .closed,
            "the connection to Postgres at \(endpoint.location) was lost: \(why)",
            server: server
        )
    }

    /// Waits for notifications; empty at the deadline, which harms nothing.
    func notifications(_ deadline: ContinuousClock.Instant) throws(PostgresError) -> [String] {
        let libpq = try live()
        while true {
            let payloads = libpq.notifications()
            if !payloads.isEmpty { return payloads }
            switch wait(on: libpq.descriptor, for: POLLIN, until: deadline) {
            case .deadline: return []
            case .interrupted: throw PostgresError(.cancelled, "listening on Postgres was cancelled")
            case .ready: if !libpq.consumeInput() { throw lost(libpq) }
            }
        }
    }
}
