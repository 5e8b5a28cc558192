import NIOCore
import Testing

@testable import FlashSaleKit

/// Drives the state machine like a connection would and writes down what it wants done. Commands are named by numbers
/// and have 10 bytes; times are milliseconds, the command timeout is 100, that of
/// a PING 40.
private struct Transcript: ~Copyable {
    private var machine: RedisStateMachine<Int>

    init(maximumPending: Int = 10, maximumPendingBytes: Int = 1000) {
        machine = RedisStateMachine(
            options: RedisConnectionOptions(
                commandTimeout: .milliseconds(100),
                pingTimeout: .milliseconds(40),
                maximumPending: maximumPending,
                maximumPendingBytes: maximumPendingBytes
            )
        )
    }

    private static func at(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .milliseconds(milliseconds) }

    private static func ms(_ deadline: NIODeadline) -> UInt64 { deadline.uptimeNanoseconds / 1_000_000 }

    mutating func send(_ command: Int, bytes: Int = 10, at now: Int64 = 0) -> String {
        Self.text(machine.send(command, bytes: bytes, now: Self.at(now)))
    }

    /// What the ping timer does.
    mutating func pingTimer(_ command: Int, at now: Int64 = 0) -> String {
        machine.isQuiet() ? Self.text(machine.ping(command, bytes: 10, now: Self.at(now))) : "not quiet"
    }

    private static func text(_ action: RedisStateMachine<Int>.SendAction) -> String {
        switch action {
        case .write(let scheduleFlush, let timer):
            "write" + (scheduleFlush ? ", schedule flush" : "") + (timer.map { ", timer at \(ms($0))" } ?? "")
        case .overloaded(let command): "overloaded \(command)"
        case .notSent(let command, let reason): "not sent \(command): \(reason.code)"
        }
    }

    mutating func flushDue() -> String {
        switch machine.flushDue() {
        case .flush: "flush"
        case .ignore: "ignore"
        }
    }

    mutating func flushNow() -> String {
        switch machine.flushNow() {
        case .flush: "flush"
        case .ignore: "ignore"
        }
    }

    mutating func reply() -> String {
        switch machine.replyReceived() {
        case .complete(let command): "complete \(command)"
        case .unasked: "unasked"
        case .ignore: "ignore"
        }
    }

    mutating func timer(at now: Int64) -> String {
        switch machine.timerFired(now: Self.at(now)) {
        case .timeout(let limit): "timeout after \(limit.nanoseconds / 1_000_000)"
        case .arm(let deadline): "timer at \(Self.ms(deadline))"
        case .idle: "idle"
        }
    }

    mutating func close(_ code: RedisError.Code = .closed) -> String {
        switch machine.close(RedisError(code, "test")) {
        case .fail(let sent, let unsent): "fail sent \(sent), unsent \(unsent)"
        case .ignore: "ignore"
        }
    }

    var pending: Int { machine.pendingCount }
    var isOpen: Bool { machine.isOpen }
}

@Suite struct RedisStateMachineTests {
    @Test func `one command and its reply`() {
        var redis = Transcript()
        #expect(redis.send(1) == "write, schedule flush, timer at 100")
        #expect(redis.flushDue() == "flush")
        #expect(redis.reply() == "complete 1")
        #expect(redis.timer(at: 100) == "idle")
        #expect(redis.pending == 0)
    }

    @Test func `commands of one tick share a flush and a timer`() {
        var redis = Transcript()
        #expect(redis.send(1, at: 5) == "write, schedule flush, timer at 105")
        #expect(redis.send(2, at: 6) == "write")
        #expect(redis.send(3, at: 7) == "write")
        #expect(redis.flushDue() == "flush")
        #expect(redis.send(4, at: 8) == "write, schedule flush")
        #expect(redis.flushDue() == "flush")
        #expect(redis.pending == 4)
    }

    @Test func `a flush in the middle of a tick leaves the scheduled one for later commands`() {
        var redis = Transcript()
        #expect(redis.flushNow() == "ignore")
        #expect(redis.send(1) == "write, schedule flush, timer at 100")
        #expect(redis.flushNow() == "flush")
        #expect(redis.flushNow() == "ignore")
        #expect(redis.send(2) == "write")
        #expect(redis.flushDue() == "flush")
        #expect(redis.flushDue() == "ignore")
        #expect(redis.reply() == "complete 1")
        #expect(redis.reply() == "complete 2")
    }

    @Test func `replies belong to commands in their order`() {
        var redis = Transcript()
        for command in 1...3 { _ = redis.send(command) }
        _ = redis.flushDue()
        #expect(redis.reply() == "complete 1")
        _ = redis.send(4)
        _ = redis.flushDue()
        #expect(redis.reply() == "complete 2")
        #expect(redis.reply() == "complete 3")
        #expect(redis.reply() == "complete 4")
    }

    @Test func `the timer follows the oldest command`() {
        var redis = Transcript()
        #expect(redis.send(1, at: 0) == "write, schedule flush, timer at 100")
        _ = redis.send(2, at: 60)
        _ = redis.flushDue()
        #expect(redis.reply() == "complete 1")
        #expect(redis.timer(at: 100) == "timer at 160")
        _ = redis.reply()
        #expect(redis.send(3, at: 150) == "write, schedule flush", "the timer is still armed")
        _ = redis.flushDue()
        #expect(redis.timer(at: 160) == "timer at 250")
        #expect(redis.timer(at: 250) == "timer at 260", "looks once more after the socket was read")
        #expect(redis.timer(at: 260) == "timeout after 100")
        #expect(redis.close(.timeout) == "fail sent [3], unsent []")
    }

    @Test func `a reply found by the second look prevents the timeout`() {
        var redis = Transcript()
        _ = redis.send(1, at: 0)
        _ = redis.flushDue()
        #expect(redis.timer(at: 500) == "timer at 510")
        #expect(redis.reply() == "complete 1")
        #expect(redis.timer(at: 510) == "idle")
        #expect(redis.send(2, at: 600) == "write, schedule flush, timer at 700")
        #expect(redis.timer(at: 700) == "timer at 710", "the first look was forgotten")
    }

    @Test func `a connection that was idle arms the timer anew`() {
        var redis = Transcript()
        _ = redis.send(1, at: 0)
        _ = redis.flushDue()
        _ = redis.reply()
        #expect(redis.timer(at: 100) == "idle")
        #expect(redis.send(2, at: 9000) == "write, schedule flush, timer at 9100")
    }

    @Test func `a connection is asked for a sign of life once it has been quiet for a whole interval`() {
        var redis = Transcript()
        #expect(redis.pingTimer(9) == "not quiet", "it has just been made")
        #expect(redis.pingTimer(1, at: 10) == "write, schedule flush, timer at 50")
        _ = redis.flushDue()
        #expect(redis.pingTimer(9, at: 20) == "not quiet", "it is being asked")
        #expect(redis.reply() == "complete 1")
        #expect(redis.pingTimer(9, at: 30) == "not quiet", "it has answered")
        #expect(redis.pingTimer(2, at: 40) == "write, schedule flush")
    }

    @Test func `a connection with traffic is not asked`() {
        var redis = Transcript()
        for command in 1...3 {
            _ = redis.send(command)
            _ = redis.flushDue()
            #expect(redis.pingTimer(9) == "not quiet", "a command waits")
            _ = redis.reply()
            #expect(redis.pingTimer(9) == "not quiet", "a reply has come")
        }
    }

    @Test func `without a sign of life the connection ends, and commands behind the PING with it`() {
        var redis = Transcript()
        _ = redis.pingTimer(9)
        #expect(redis.pingTimer(1) == "write, schedule flush, timer at 40")
        _ = redis.flushDue()
        _ = redis.send(2, at: 30)
        _ = redis.flushDue()
        #expect(redis.timer(at: 40) == "timer at 50", "looks once more after the socket was read")
        #expect(redis.timer(at: 50) == "timeout after 40")
        #expect(redis.close(.timeout) == "fail sent [1, 2], unsent []")
        #expect(redis.pingTimer(3) == "not quiet", "it has ended")
    }

    @Test func `a reply that nobody asked for is noticed`() {
        var redis = Transcript()
        #expect(redis.reply() == "unasked")
        #expect(redis.send(1) == "write, schedule flush, timer at 100")
        #expect(redis.reply() == "unasked", "the command has not left yet")
        #expect(redis.pending == 1)
        #expect(redis.close(.protocolViolation) == "fail sent [], unsent [1]")
    }

    @Test func `beyond the number of commands the command is refused, and fits again after a reply`() {
        var redis = Transcript(maximumPending: 2)
        _ = redis.send(1)
        _ = redis.send(2)
        #expect(redis.send(3) == "overloaded 3")
        _ = redis.flushDue()
        #expect(redis.reply() == "complete 1")
        #expect(redis.send(4) == "write, schedule flush")
        #expect(redis.send(5) == "overloaded 5")
        #expect(redis.pending == 2)
    }

    @Test func `beyond the number of bytes the command is refused, and fits again after a reply`() {
        var redis = Transcript(maximumPendingBytes: 100)
        _ = redis.send(1, bytes: 60)
        #expect(redis.send(2, bytes: 41) == "overloaded 2")
        #expect(redis.send(3, bytes: 40) == "write")
        _ = redis.flushDue()
        _ = redis.reply()
        #expect(redis.send(4, bytes: 60) == "write, schedule flush")
    }

    @Test func `at the end flushed commands are unknown and the others were not sent`() {
        var redis = Transcript()
        _ = redis.send(1)
        _ = redis.send(2)
        _ = redis.flushDue()
        _ = redis.send(3)
        #expect(redis.close() == "fail sent [1, 2], unsent [3]")
        #expect(!redis.isOpen && redis.pending == 0)
    }

    @Test func `after the end nothing happens any more`() {
        var redis = Transcript()
        _ = redis.send(1)
        _ = redis.close(.timeout)
        #expect(redis.close(.closed) == "ignore")
        #expect(redis.send(2) == "not sent 2: timeout", "the first reason counts")
        #expect(redis.flushDue() == "ignore")
        #expect(redis.reply() == "ignore")
        #expect(redis.timer(at: 100) == "idle")
    }
}
