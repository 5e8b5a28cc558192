import Collections
import FlashSaleKit
import Synchronization

/// Requests with intended times, shared by all connections of all threads, and fed from behind while they are sent.
///
/// In order means: so that every outcome must be the same again. What was decided depends on the units and quotas that
/// were taken before, so a request waits for the answers to those in front of it, unless it does not matter which of
/// them comes first. Holds do not depend on each other, as long as all of them were granted; nor do refusals, which
/// change nothing; nor do holds that come back. Purchases change neither units nor quotas. Out of order, a request only
/// waits for the answer to the same user's last one.
final class LoadSchedule: Sendable {
    /// What a connection may do.
    enum Turn: Sendable, Equatable {
        case send(ScheduledRequest)
        /// Nothing is due before this monotonic time in nanoseconds.
        case later(UInt64)
        /// What comes next waits for an answer, or has not been read yet.
        case nothing
        /// All is sent and answered.
        case done
    }

    /// What must not overtake each other.
    private enum Phase { case holds, refusals, returns }

    private struct Entry {
        var event: TrafficEvent
        var dueAt: UInt64
    }

    private struct State {
        var queue = Deque<Entry>()
        var isFed = false
        var inFlight = 0
        var phase: Phase?
        var busyUsers: Set<UserID> = []
        /// Codes that were got for holds of the past sale, until they are bought or given back.
        var codes: [HoldID: [UInt8]] = [:]
        /// Holds whose checkout waits for its answer.
        var asked: Set<HoldID> = []
        /// Start of the replay and of the past sale.
        var base: (monotonic: UInt64, recorded: Timestamp)?
        var isStarved = false
        var wakers: [@Sendable () -> Void] = []
        var comparison = ReplayComparison()

        var isDone: Bool { isFed && queue.isEmpty && inFlight == 0 }
    }

    /// Events that may wait to be sent: the reader stops above that.
    static let capacity = 20_000
    /// How far out of order a request may overtake others that wait for their users.
    private static let lookAhead = 256

    /// By how much faster than the past sale; nil: without waiting.
    private let speed: Double?
    private let isOrdered: Bool
    private let state = Mutex(State())

    init(speed: Double?, isOrdered: Bool) {
        self.speed = speed
        self.isOrdered = isOrdered
    }

    /// Calls `waker` whenever idle connections may find something to do, or the end. It must only hop to a loop.
    func onWork(_ waker: @escaping @Sendable () -> Void) {
        state.withLock { $0.wakers.append(waker) }
    }

    /// Calls nobody any more: the run is over, and its loops are about to end.
    func forgetWakers() {
        state.withLock { $0.wakers = [] }
    }

    /// Whether no more events are to be appended now.
    var isFull: Bool { state.withLock { $0.queue.count >= LoadSchedule.capacity } }

    /// Whether all is sent and answered.
    var isDone: Bool { state.withLock { $0.isDone } }

    /// What was asked and answered so far.
    var comparison: ReplayComparison { state.withLock { $0.comparison } }

    /// Adds events behind the others. Attempts of banned users are left out: a fresh sale has banned nobody.
    func append(_ events: [TrafficEvent], now: UInt64) {
        change { state in
            for event in events {
                if case .checkout(_, let outcome, _) = event.kind {
                    state.comparison.original[outcome, default: 0] += 1
                    if outcome == .banned { continue }
                    state.comparison.checkouts += 1
                }
                let base = state.base ?? (now, event.at)
                state.base = base
                state.queue.append(Entry(event: event, dueAt: due(event, base)))
            }
        }
    }

    /// Nothing more comes.
    func end() {
        change { $0.isFed = true }
    }

    private func due(_ event: TrafficEvent, _ base: (monotonic: UInt64, recorded: Timestamp)) -> UInt64 {
        guard let speed else { return 0 }
        let offset = Double(max(0, event.at.microseconds - base.recorded.microseconds)) * 1000 / speed
        return base.monotonic + UInt64(offset)
    }

    /// What a free connection does now.
    func take(now: UInt64) -> Turn {
        state.withLock { state in
            let turn = isOrdered ? nextInOrder(&state, now) : nextOutOfOrder(&state, now)
            if turn == .nothing { state.isStarved = true }
            return turn
        }
    }

    /// A request has its answer; `status` is nil when it has none.
    func ended(_ request: ScheduledRequest, status: Int?, code: [UInt8]?) {
        change { state in
            state.inFlight -= 1
            if state.inFlight == 0 { state.phase = nil }
            state.busyUsers.remove(request.event.user)
            guard case .checkout(_, let outcome, let holdID) = request.event.kind else { return }
            if let holdID {
                state.asked.remove(holdID)
                state.codes[holdID] = code
            }
            state.comparison.answered(request.event, outcome, status)
        }
    }

    // MARK: Whose turn it is

    private func nextInOrder(_ state: inout State, _ now: UInt64) -> Turn {
        while let head = state.queue.first {
            switch readiness(of: head, state) {
            case .impossible:
                state.queue.removeFirst()
                state.comparison.skipped += 1
                continue
            case .blocked: return .nothing
            case .ready(let action):
                let phase = LoadSchedule.phase(of: head.event)
                if let phase, let current = state.phase, current != phase { return .nothing }
                if head.dueAt > now { return .later(head.dueAt) }
                state.phase = state.phase ?? phase
                state.queue.removeFirst()
                return send(head, action, &state)
            }
        }
        return state.isDone ? .done : .nothing
    }

    private func nextOutOfOrder(_ state: inout State, _ now: UInt64) -> Turn {
        var passed: Set<UserID> = []
        var index = 0
        while index < min(state.queue.count, LoadSchedule.lookAhead) {
            let entry = state.queue[index]
            if entry.dueAt > now { return passed.isEmpty ? .later(entry.dueAt) : .nothing }
            let user = entry.event.user
            let isFree = !state.busyUsers.contains(user) && !passed.contains(user)
            switch isFree ? readiness(of: entry, state) : .blocked {
            case .impossible:
                state.queue.remove(at: index)
                state.comparison.skipped += 1
            case .blocked:
                passed.insert(user)
                index += 1
            case .ready(let action):
                state.queue.remove(at: index)
                state.busyUsers.insert(user)
                return send(entry, action, &state)
            }
        }
        return state.isDone ? .done : .nothing
    }

    private enum Readiness {
        case ready(ScheduledRequest.Action)
        /// Its code is on its way.
        case blocked
        /// The hold of the past sale was not got again.
        case impossible
    }

    private func readiness(of entry: Entry, _ state: borrowing State) -> Readiness {
        switch entry.event.kind {
        case .checkout(let itemID, _, _): return .ready(.checkout(itemID: itemID))
        case .purchase(let id):
            if let code = state.codes[id] { return .ready(.purchase(code: code)) }
            return state.asked.contains(id) ? .blocked : .impossible
        case .giveBack(let id):
            if let code = state.codes[id] { return .ready(.giveBack(code: code)) }
            return state.asked.contains(id) ? .blocked : .impossible
        }
    }

    private func send(_ entry: Entry, _ action: ScheduledRequest.Action, _ state: inout State) -> Turn {
        state.inFlight += 1
        switch entry.event.kind {
        case .checkout(_, _, let holdID): if let holdID { state.asked.insert(holdID) }
        case .purchase(let id), .giveBack(let id): state.codes[id] = nil
        }
        return .send(ScheduledRequest(action: action, event: entry.event, dueAt: entry.dueAt))
    }

    private static func phase(of event: TrafficEvent) -> Phase? {
        switch event.kind {
        case .checkout(_, .held, _): .holds
        case .checkout: .refusals
        case .giveBack: .returns
        case .purchase: nil
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let wakers = state.withLock { state -> [@Sendable () -> Void] in
            body(&state)
            guard state.isStarved || state.isDone else { return [] }
            state.isStarved = false
            return state.wakers
        }
        for waker in wakers { waker() }
    }
}
