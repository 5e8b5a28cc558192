import FlashSaleKit
import Synchronization
import Testing

@testable import flashctl

/// Whose turn it is, without any server.
@Suite struct LoadScheduleTests {
    private static let base = Timestamp(seconds: 1_000_000)

    private func event(_ seq: Int64, _ user: UserID, _ kind: TrafficEvent.Kind, after: Int64 = 0) -> TrafficEvent {
        TrafficEvent(
            kind: kind,
            user: user,
            at: LoadScheduleTests.base.adding(milliseconds: after),
            place: RecordPosition(epoch: 1, seq: seq, index: 0)
        )
    }

    private func held(_ hold: UInt64) -> TrafficEvent.Kind {
        .checkout(itemID: 7, outcome: .held, holdID: HoldID(high: 1, low: hold))
    }

    private let refused = TrafficEvent.Kind.checkout(itemID: 7, outcome: .soldOut, holdID: nil)

    private func sent(_ turn: LoadSchedule.Turn) throws -> ScheduledRequest {
        guard case .send(let request) = turn else { throw NotSent(turn: turn) }
        return request
    }

    struct NotSent: Error {
        let turn: LoadSchedule.Turn
    }

    @Test func whatDependsOnAnAnswerWaitsForIt() throws {
        let schedule = LoadSchedule(speed: nil, isOrdered: true)
        schedule.append(
            [
                event(2, "a", held(1)), event(3, "b", held(2)), event(4, "c", refused),
                event(5, "a", .purchase(HoldID(high: 1, low: 1))), event(6, "b", .giveBack(HoldID(high: 1, low: 2))),
                event(7, "d", held(3)),
            ],
            now: 0
        )
        schedule.end()
        let (first, second) = (try sent(schedule.take(now: 0)), try sent(schedule.take(now: 0)))
        #expect(first.action == .checkout(itemID: 7) && second.event.user == "b")
        #expect(schedule.take(now: 0) == .nothing, "the refusal waits for both holds")
        schedule.ended(first, status: 201, code: [65])
        #expect(schedule.take(now: 0) == .nothing)
        schedule.ended(second, status: 201, code: [66])
        let third = try sent(schedule.take(now: 0))
        let purchase = try sent(schedule.take(now: 0))
        #expect(purchase.action == .purchase(code: [65]), "a purchase changes nothing about the outcomes")
        #expect(schedule.take(now: 0) == .nothing, "the return waits for the refusal")
        schedule.ended(purchase, status: 200, code: nil)
        schedule.ended(third, status: 409, code: nil)
        let back = try sent(schedule.take(now: 0))
        #expect(back.action == .giveBack(code: [66]))
        #expect(schedule.take(now: 0) == .nothing, "the unit must be back first")
        schedule.ended(back, status: 200, code: nil)
        let last = try sent(schedule.take(now: 0))
        #expect(!schedule.isDone)
        schedule.ended(last, status: 409, code: nil)
        #expect(schedule.take(now: 0) == .done && schedule.isDone)
        let comparison = schedule.comparison
        #expect(comparison.replayed == [.held: 2, .soldOut: 2] && comparison.original == [.held: 3, .soldOut: 1])
        #expect(comparison.differences == 1 && comparison.first?.user == "d")
        #expect(!comparison.isWithin(tolerance: 20) && comparison.isWithin(tolerance: 25))
    }

    @Test func timesAreKeptAndDivided() throws {
        let schedule = LoadSchedule(speed: 10, isOrdered: true)
        schedule.append([event(2, "a", refused), event(3, "b", refused, after: 5000)], now: 1_000)
        #expect(try sent(schedule.take(now: 1_000)).dueAt == 1_000)
        #expect(schedule.take(now: 1_001) == .later(500_001_000))
        #expect(try sent(schedule.take(now: 500_001_000)).event.user == "b")
    }

    @Test func outOfOrderOnlyTheSameUserWaits() throws {
        let schedule = LoadSchedule(speed: nil, isOrdered: false)
        schedule.append([event(2, "a", held(1)), event(3, "a", refused), event(4, "b", refused)], now: 0)
        let first = try sent(schedule.take(now: 0))
        #expect(try sent(schedule.take(now: 0)).event.user == "b")
        #expect(schedule.take(now: 0) == .nothing)
        schedule.ended(first, status: nil, code: nil)
        #expect(try sent(schedule.take(now: 0)).event.place.seq == 3)
        #expect(schedule.comparison.withoutOutcome == 1)
    }

    @Test func bannedUsersAndHoldsThatWereNotGotAreLeftOut() throws {
        let schedule = LoadSchedule(speed: nil, isOrdered: true)
        schedule.append(
            [
                event(2, "eve", .checkout(itemID: 1, outcome: .banned, holdID: nil)),
                event(3, "a", .purchase(HoldID(high: 9, low: 9))), event(4, "b", refused),
            ],
            now: 0
        )
        #expect(try sent(schedule.take(now: 0)).event.user == "b")
        #expect(schedule.comparison.leftOut == 1 && schedule.comparison.skipped == 1)
        #expect(schedule.comparison.difference(of: .banned) == 0)
    }

    @Test func wakersAreCalledOnlyWhenSomebodyHasWaited() throws {
        let schedule = LoadSchedule(speed: nil, isOrdered: true)
        let calls = Counter()
        schedule.onWork { calls.add() }
        schedule.append([event(2, "a", refused)], now: 0)
        #expect(calls.count == 0)
        _ = try sent(schedule.take(now: 0))
        #expect(schedule.take(now: 0) == .nothing)
        schedule.append([event(3, "b", refused)], now: 0)
        #expect(calls.count == 1)
        schedule.forgetWakers()
        schedule.end()
        #expect(calls.count == 1)
    }
}

/// Counts calls from anywhere.
private final class Counter: Sendable {
    private let calls = Mutex(0)
    var count: Int { calls.withLock { $0 } }
    func add() { calls.withLock { $0 += 1 } }
}
