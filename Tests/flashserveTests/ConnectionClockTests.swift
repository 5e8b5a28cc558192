import NIOCore
import Testing

@testable import flashserve

@Suite struct ConnectionClockTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    @Test func aConnectionOpenedAheadMayWaitForItsFirstRequest() {
        let clock = ConnectionClock(now: start, idleTime: .seconds(75))
        #expect(clock.verdict(now: start + .seconds(75), unanswered: false) == .fine)
        #expect(clock.verdict(now: start + .milliseconds(75_001), unanswered: false) == .idle)
    }

    @Test func theFirstHeadHasFiveSecondsFromItsFirstByte() {
        var clock = ConnectionClock(now: start, idleTime: .seconds(75))
        clock.receivedBytes(now: start + .seconds(60))
        #expect(clock.verdict(now: start + .seconds(65), unanswered: false) == .fine)
        #expect(clock.verdict(now: start + .milliseconds(65_001), unanswered: false) == .requestTooSlow)
    }

    @Test func aHeadThatTricklesIsMeasuredFromItsFirstByte() {
        var clock = ConnectionClock(now: start, idleTime: .seconds(75))
        clock.headEnded(now: start)
        clock.requestEnded(now: start)
        clock.receivedBytes(now: start + .seconds(10))
        clock.receivedBytes(now: start + .seconds(14))
        #expect(clock.verdict(now: start + .seconds(15), unanswered: false) == .fine)
        #expect(clock.verdict(now: start + .milliseconds(15_001), unanswered: false) == .requestTooSlow)
    }

    @Test func aSlowBodyHasTenSeconds() {
        var clock = ConnectionClock(now: start, idleTime: .seconds(75))
        clock.headEnded(now: start + .seconds(1))
        #expect(clock.verdict(now: start + .seconds(11), unanswered: false) == .fine)
        #expect(clock.verdict(now: start + .milliseconds(11_001), unanswered: false) == .requestTooSlow)
    }

    @Test func idleConnectionsAreClosedUnlessWeOweAnAnswer() {
        var clock = ConnectionClock(now: start, idleTime: .seconds(75))
        clock.headEnded(now: start)
        clock.requestEnded(now: start)
        #expect(clock.verdict(now: start + .seconds(75), unanswered: false) == .fine)
        #expect(clock.verdict(now: start + .seconds(76), unanswered: false) == .idle)
        #expect(clock.verdict(now: start + .seconds(76), unanswered: true) == .fine)
        // From the last answer on, not from the request.
        clock.answered(now: start + .seconds(10))
        #expect(clock.verdict(now: start + .seconds(85), unanswered: false) == .fine)
        #expect(clock.verdict(now: start + .seconds(86), unanswered: false) == .idle)
    }

    @Test func aClientThatDoesNotReadIsCutOff() {
        var clock = ConnectionClock(now: start, idleTime: .seconds(75))
        clock.headEnded(now: start)
        clock.requestEnded(now: start)
        clock.writability(false, now: start)
        #expect(clock.verdict(now: start + .seconds(20), unanswered: true) == .fine)
        #expect(clock.verdict(now: start + .seconds(21), unanswered: true) == .close)
        clock.writability(true, now: start + .seconds(21))
        #expect(clock.verdict(now: start + .seconds(22), unanswered: true) == .fine)
    }
}
