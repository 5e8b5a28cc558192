import Foundation

/// Processor time of this process: whether the generator itself was the limit.
enum ProcessorTime {
    /// Seconds in user and kernel mode since the process started.
    static func seconds() -> Double {
        var usage = rusage()
        // It fails only for an unknown first argument or a bad address.
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    /// The same of the thread that asks.
    static func ofThread() -> Double {
        var time = timespec()
        guard clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0 else { return 0 }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Processors that this process may run on.
    static var available: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }
}
