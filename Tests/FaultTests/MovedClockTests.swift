import TestSupport
import Testing

/// The clock that tests move is the wall clock, and only that: Tests/CClock.
struct MovedClockTests {
    /// Prints by how many seconds the wall clock is ahead of the argument, what the monotonic clock says, and a line
    /// for each deadline that was met too early. One that is met an hour late never ends.
    private static let script = """
        import ctypes, os, sys, time
        libc = ctypes.CDLL(None)
        WALL, STEADY, ABSOLUTE = time.CLOCK_REALTIME, time.CLOCK_MONOTONIC, 1

        class Time(ctypes.Structure):
            _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]

        class Timer(ctypes.Structure):
            _fields_ = [("interval", Time), ("value", Time)]

        def soon(clock):
            return Time(*divmod(time.clock_gettime_ns(clock) + 50_000_000, 10**9))

        def waits(name, wait):
            began = time.monotonic()
            wait()
            if time.monotonic() - began < 0.05:
                print("early:", name)

        def timer(clock):
            descriptor = libc.timerfd_create(clock, 0)
            libc.timerfd_settime(descriptor, ABSOLUTE, ctypes.byref(Timer(Time(0, 0), soon(clock))), None)
            os.read(descriptor, 8)

        semaphore, mutex, held, condition, steady, kind = (ctypes.create_string_buffer(64) for _ in range(6))
        libc.sem_init(semaphore, 0, 0)
        libc.pthread_mutex_init(mutex, None)
        libc.pthread_mutex_init(held, None)
        libc.pthread_mutex_lock(mutex)
        libc.pthread_mutex_lock(held)
        libc.pthread_cond_init(condition, None)
        libc.pthread_condattr_init(kind)
        libc.pthread_condattr_setclock(kind, STEADY)
        libc.pthread_cond_init(steady, kind)
        waits("semaphore", lambda: libc.sem_timedwait(semaphore, ctypes.byref(soon(WALL))))
        waits("mutex", lambda: libc.pthread_mutex_timedlock(held, ctypes.byref(soon(WALL))))
        waits("condition", lambda: libc.pthread_cond_timedwait(condition, mutex, ctypes.byref(soon(WALL))))
        waits("steady condition", lambda: libc.pthread_cond_timedwait(steady, mutex, ctypes.byref(soon(STEADY))))
        for clock in WALL, STEADY:
            waits(f"sleep {clock}", lambda: libc.clock_nanosleep(clock, ABSOLUTE, ctypes.byref(soon(clock)), None))
            waits(f"timer {clock}", lambda: timer(clock))
        print("ahead", round((time.time() - float(sys.argv[1])) / 60), "min")
        print("steady", time.monotonic() >= float(sys.argv[2]) and time.monotonic() - float(sys.argv[2]) < 1800)
        libc.time.restype = ctypes.c_long
        print("agree", abs(libc.time(None) - time.time()) < 1800)
        """

    @Test(arguments: ["+1h", "-1h", "+90m", "0"])
    func onlyTheWallClockMoves(shift: String) async throws {
        let now = try await clocks()
        let outcome = try await BuiltBinary.program(
            ["/usr/bin/python3", "-c", MovedClockTests.script] + now,
            environment: try MovedClock.environment(shift)
        )
        #expect(outcome.status == 0, "\(outcome.talk)")
        let ahead = ["+1h": 60, "-1h": -60, "+90m": 90, "0": 0][shift] ?? 0
        let lines = outcome.output.split(separator: "\n").map(String.init)
        let minutes = try #require(lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }, "\(lines)")
        // The time that the processes took to start is in it.
        #expect((ahead...ahead + 20).contains(minutes), "\(lines)")
        #expect(lines.dropFirst() == ["steady True", "agree True"])
    }

    @Test func theClockFollowsAFileWhileTheProcessRuns() async throws {
        let script = """
            import os, sys, time
            before = time.time()
            for shift in "+2h", "-3h", "0":
                with open(sys.argv[1] + ".new", "w") as file:
                    file.write(shift)
                os.rename(sys.argv[1] + ".new", sys.argv[1])
                print(round((time.time() - before) / 3600), end=" ")
            """
        let folder = try await BuiltBinary.program(["/usr/bin/mktemp", "-d"]).output.split(separator: "\n").joined()
        let outcome = try await BuiltBinary.program(
            ["/usr/bin/python3", "-c", script, "\(folder)/shift"],
            environment: try MovedClock.environment("\(folder)/shift")
        )
        _ = try await BuiltBinary.program(["/bin/rm", "-r", folder])
        #expect(outcome.output == "2 -3 0 ", "\(outcome.talk)")
    }

    /// The wall clock and the monotonic clock of this machine, in seconds.
    private func clocks() async throws -> [String] {
        let script = "import time; print(time.time(), time.monotonic())"
        let outcome = try await BuiltBinary.program(["/usr/bin/python3", "-c", script])
        return outcome.output.split(whereSeparator: \.isWhitespace).map(String.init)
    }
}
