import Glibc

/// What the system knows of this process, by the names that every Prometheus client uses. What cannot be read is left
/// out.
struct ProcessFacts: Sendable, Equatable {
    /// Seconds since 1970 at which the process began.
    var startTime: Double?
    /// Processor time used so far, in seconds.
    var cpuSeconds: Double?
    /// Bytes of memory in use.
    var residentBytes: Double?
    /// Open files and connections.
    var openFiles: Double?
    /// How many of them there may be.
    var maximumFiles: Double?

    /// Reads them now.
    static func read() -> ProcessFacts {
        var facts = ProcessFacts()
        facts.startTime = startTime()
        var usage = rusage()
        if getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
            facts.cpuSeconds = seconds(usage.ru_utime) + seconds(usage.ru_stime)
        }
        if let pages = words("/proc/self/statm").dropFirst().first.flatMap({ Double($0) }) {
            facts.residentBytes = pages * Double(sysconf(Int32(_SC_PAGESIZE)))
        }
        facts.openFiles = openFiles()
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            facts.maximumFiles = Double(limit.rlim_cur)
        }
        return facts
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000
    }

    /// The start is told in ticks since the system's own.
    private static func startTime() -> Double? {
        // The name of the program, in parentheses, may have spaces of its own.
        let fields = text("/proc/self/stat").split(separator: ")").last?.split(separator: " ") ?? []
        let boot = words("/proc/stat")
        guard fields.count > 19, let ticks = Double(fields[19]), let mark = boot.firstIndex(of: "btime"),
            mark + 1 < boot.count, let seconds = Double(boot[mark + 1])
        else { return nil }
        return seconds + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func openFiles() -> Double? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        var count = 0.0
        while let entry = readdir(folder) {
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        closedir(folder)
        // The folder itself was open too.
        return count - 1
    }

    private static func words(_ path: String) -> [Substring] {
        text(path).split { $0 == " " || $0 == "\n" }
    }

    private static func text(_ path: String) -> String {
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(file, &part, part.count)
            guard count > 0 else { break }
            bytes += part[..<count]
        }
        Glibc.close(file)
        return String(decoding: bytes, as: UTF8.self)
    }
}
