import Foundation

/// Starts a server as a child that outlives us: own session (Ctrl-C in the terminal does not reach it), no open files
/// of ours, output into a log file. `Subprocess.run` is no use here, since it waits for its child.
enum DaemonSpawn {
    /// Log files larger than this are moved aside at the next start, one generation.
    private static let logLimit = 10 << 20
    /// `POSIX_SPAWN_SETSID` of glibc and musl; their headers show it only to programs that define `_GNU_SOURCE`.
    private static let newSession: Int32 = 0x80

    /// Starts `arguments[0]` and returns its process id.
    static func start(_ arguments: [String], folder: String, log: String) throws(LocalStackError) -> DaemonProcess {
        rotate(log: log)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        for descriptor in inheritable() { posix_spawn_file_actions_addclose(&actions, descriptor) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A blocked or ignored signal would be inherited, and then a server could not be asked to end.
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let flags = newSession | Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var pid: pid_t = 0
        let result = withCStrings(arguments) { argv in
            withCStrings(environment()) { environment in
                posix_spawn(&pid, arguments[0], &actions, &attributes, argv, environment)
            }
        }
        guard result == 0 else {
            throw LocalStackError(.startFailed, "\(arguments[0]) cannot be started: \(errnoText(result)).")
        }
        return DaemonProcess(pid: pid, folder: folder)
    }

    /// The last lines of a log, for error messages.
    static func tail(of log: String, lines: Int = 5) -> String {
        guard let text = try? String(contentsOfFile: log, encoding: .utf8) else { return "(no log \(log))" }
        return text.split(separator: "\n").suffix(lines).joined(separator: "\n")
    }

    /// What our own service manager says to us: postgres would tell it that *it* is ready.
    private static let managerVariables = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]

    /// PG* variables of the caller would change what postgres does.
    private static func environment() -> [String] {
        ProcessInfo.processInfo.environment
            .filter { !$0.key.hasPrefix("PG") && !$0.key.hasPrefix("LC_") && $0.key != "LANG" }
            .filter { !managerVariables.contains($0.key) }
            .map { "\($0.key)=\($0.value)" } + ["LC_ALL=C.UTF-8"]
    }

    /// Open files of ours that the server would get, and keep open as long as it lives. Closing one that is gone by
    /// then is no error.
    private static func inheritable() -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return names.compactMap { Int32($0) }.filter { descriptor in
            let flags = fcntl(descriptor, F_GETFD)
            return descriptor > STDERR_FILENO && flags >= 0 && flags & FD_CLOEXEC == 0
        }
    }

    private static func rotate(log: String) {
        var facts = stat()
        if stat(log, &facts) == 0, facts.st_size > logLimit { rename(log, log + ".1") }
    }

    private static func withCStrings<Result>(
        _ strings: [String],
        _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        let copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
        defer { for copy in copies { free(copy) } }
        return copies.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("the array has at least its end mark") }
            return body(base)
        }
    }
}
