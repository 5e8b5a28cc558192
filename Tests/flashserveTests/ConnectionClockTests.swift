import NIOCore
import Testing

@testable import flashserve

@Suite struct ConnectionClockTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    @Test func aConnectionThatSendsNothingIsASlowHead() {
        let clock = ConnectionClock(now: start)
        #expect(clock.verdict(now: start + .seconds(5), unanswered: false) == .fine)
        #expect(clock.verdict(now: start + .milliseconds(5001), unanswered: false) == .requestTooSlow)
    }

    @Test func aHeadThatTricklesIsMeasuredFromItsFirstByte() {
        var clock = ConnectionClock(now: start)
        clock.headEnded(now: start)
        clock.requestEnded(now: start)
        clock.receivedBytes(now: start + .seconds(10))
        clock.receivedBytes(now: start + .seconds(14))
        #expect(clock.verdict(now: start + .seconds(15), unanswered: false) == .fine)
        #expect(clock.verdict(now: start + .milliseconds(15_001), unanswered: false) == .requestTooSlow)
    }

    @Test func aSlowBodyHasTenSeconds() {
        var clock = ConnectionClock(now: start)
        clock.headEnded(now: start + .seconds(1))
        #expect(clock.verdict(now: start + .seconds(11), unanswered: false) == .fine)
        #expect(clock.verdict(now: start + .milliseconds(11_001), unanswered: false) == .requestTooSlow)
    }

    @Test func idleConnectionsAreClosedUnlessWeOweAnAnswer() {
        var clock = ConnectionClock(now: start)
        clock.headEnded(now: start)
        clock.requestEnded(now: start)
        #expect(clock.verdict(now: start + .seconds(60), unanswered: false) == .fine)
        #expect(clock.verdict(now: start + .seconds(61), unanswered: false) == .close)
        #expect(clock.verdict(now: start + .seconds(61), unanswered: true) == .fine)
    }

    @Test func aClientThatDoesNotReadIsCutOff() {
        var clock = ConnectionClock(now: start)
        clock.headEnded(now: start)
        clock.requestEnded(now: start)
        clock.writability(false, now: start)
        #expect(clock.verdict(now: start + .seconds(20), unanswered: true) == .fine)
        #expect(clock.verdict(now: start + .seconds(21), unanswered: true) == .close)
        clock.writability(true, now: start + .seconds(21))
        #expect(clock.verdict(now: start + .seconds(22), unanswered: true) == .fine)
    }
}
