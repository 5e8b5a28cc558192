import Glibc

/// Who goes first when more threads want to run than there are processors.
enum ThreadPriority {
    /// What Linux calls it; the Swift overlay of glibc does not have it. Threads that this one starts are usual again.
    private static let resetOnFork: CInt = 0x4000_0000

    /// Lets the thread that asks run before all usual ones, so that a request leaves at its time although server and
    /// stores are on the same machine. False where that is not allowed: it takes the right CAP_SYS_NICE.
    static func raise() -> Bool {
        var parameter = sched_param()
        parameter.sched_priority = sched_get_priority_min(SCHED_RR)
        return sched_setscheduler(0, SCHED_RR | resetOnFork, &parameter) == 0
    }

    /// The policy of the thread that asks is that of ``raise()``.
    static var isRaised: Bool { sched_getscheduler(0) & ~resetOnFork == SCHED_RR }
}
