import NIOCore
import Synchronization

/// The codes that are to be paid for, shared by all connections of all threads: a code is handed over from the
/// connection that got it to the one that is free next.
final class PurchasePool: Sendable {
    /// What became of the codes that no connection has in flight.
    struct Leftover: Sendable, Equatable {
        /// Codes that were to be paid for and never sent.
        var unsent: UInt64 = 0
        /// Codes that were answered 202 and not asked again.
        var pending: UInt64 = 0
    }

    private struct State {
        var ready = CircularBuffer<PurchaseJob>()
        /// Codes that are there for visitors who purchase; nobody has to pay for them.
        var handedOver = CircularBuffer<[UInt8]>()
        /// Codes that were answered 202 and are asked again later, and those whose buyers still think.
        var waiting = 0
        /// Those of them whose buyers still think.
        var thinking = 0
        var inFlight = 0
        var codes: UInt64 = 0
        var scheduled: UInt64 = 0
        /// Workers whose checkouts may still bring codes.
        var collectors: Int
        var wakers: [@Sendable () -> Void] = []

        var isDone: Bool { collectors == 0 && ready.isEmpty && waiting == 0 && inFlight == 0 }
    }

    /// Codes that may wait in the pool. When it is full, in the closed model, no more checkouts are sent; the answers
    /// to those in flight still come in, so that it holds at most one code a connection more.
    static let defaultCapacity = 65_536

    private let capacity: Int
    private let state: Mutex<State>

    /// - Parameter collectors: number of workers that bring codes.
    init(collectors: Int, capacity: Int = PurchasePool.defaultCapacity) {
        self.capacity = capacity
        state = Mutex(State(collectors: collectors))
    }

    /// Calls `waker` whenever idle connections may find something to do, or the end. It must only hop to a loop.
    func onWork(_ waker: @escaping @Sendable () -> Void) {
        state.withLock { $0.wakers.append(waker) }
    }

    /// Calls nobody any more: the run is over, and its loops are about to end.
    func forgetWakers() {
        state.withLock { $0.wakers = [] }
    }

    /// Takes in a code of a 201. Every code counts; the share that is paid for, 0…100, is spread evenly over them.
    func collect(_ code: [UInt8], percent: Int, dueAt: UInt64 = 0) {
        let percent = UInt64(percent)
        state.withLock { state in
            let before = state.codes * percent / 100
            state.codes += 1
            guard state.codes * percent / 100 > before else { return }
            state.scheduled += 1
            state.ready.append(PurchaseJob(code: code, dueAt: dueAt))
        }
    }

    /// Takes in a code for visitors who purchase. When too many wait, nobody pays for the oldest one.
    func handOver(_ code: [UInt8]) {
        state.withLock { state in
            state.codes += 1
            if state.handedOver.count >= capacity { state.handedOver.removeFirst() }
            state.handedOver.append(code)
        }
    }

    /// A code for a visitor who purchases; as ``take()``, the caller tells how it ended.
    func takeHandedOver() -> PurchaseJob? {
        state.withLock { state in
            guard let code = state.handedOver.popFirst() else { return nil }
            state.scheduled += 1
            state.inFlight += 1
            return PurchaseJob(code: code)
        }
    }

    /// Takes in a code that nobody pays for.
    func leave() {
        state.withLock { $0.codes += 1 }
    }

    /// Takes in a code that is paid for later; it comes back by ``due(_:)``.
    func plan() {
        state.withLock { state in
            state.codes += 1
            state.scheduled += 1
            state.waiting += 1
            state.thinking += 1
        }
    }

    /// The code that waits longest; the caller tells by ``settled()`` or ``postponed()`` how it ended.
    func take() -> PurchaseJob? {
        let (job, hadNoRoom) = state.withLock { state in
            let hadNoRoom = state.ready.count + state.waiting >= capacity
            let job = state.ready.popFirst()
            if job != nil { state.inFlight += 1 }
            return (job, hadNoRoom)
        }
        if job != nil, hadNoRoom { wakeAll() }
        return job
    }

    /// A purchase has ended, one way or another.
    func settled() {
        change { $0.inFlight -= 1 }
    }

    /// A purchase was answered 202; it comes back by ``due(_:)``.
    func postponed() {
        state.withLock { state in
            state.inFlight -= 1
            state.waiting += 1
        }
    }

    /// It is time to ask again.
    func due(_ job: PurchaseJob) {
        state.withLock { state in
            state.waiting -= 1
            if job.tries == 0 { state.thinking -= 1 }
            state.ready.append(job)
        }
        wakeAll()
    }

    /// All checkouts of a worker have ended, or it has no connection left to send them.
    func collectorEnded() {
        change { $0.collectors -= 1 }
    }

    /// Whether checkouts may bring more codes.
    var hasRoom: Bool { state.withLock { $0.ready.count + $0.waiting < capacity } }

    /// Whether a code waits for a connection.
    var hasReady: Bool { state.withLock { !$0.ready.isEmpty } }

    /// Whether every checkout and every purchase has ended.
    var isDone: Bool { state.withLock { $0.isDone } }

    /// Codes that came in, and those of them that are to be paid for.
    var codes: (all: UInt64, scheduled: UInt64) { state.withLock { ($0.codes, $0.scheduled) } }

    /// What is left when the run has ended.
    var leftover: Leftover {
        state.withLock { state in
            let unsent = state.ready.count { $0.tries == 0 }
            return Leftover(
                unsent: UInt64(unsent + state.thinking),
                pending: UInt64(state.ready.count - unsent + state.waiting - state.thinking)
            )
        }
    }

    /// Tells all workers that there may be something to do.
    func wakeAll() {
        for waker in state.withLock({ $0.wakers }) { waker() }
    }

    private func change(_ body: (inout State) -> Void) {
        let isDone = state.withLock { state in
            body(&state)
            return state.isDone
        }
        if isDone { wakeAll() }
    }
}
