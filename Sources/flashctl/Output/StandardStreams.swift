import Glibc

/// The three streams that every process has, even when whoever started it has closed some of them.
enum StandardStreams {
    /// Opens the closed ones on /dev/null. Otherwise the first connection would become standard input or error, and
    /// what the program says would go to Redis.
    static func open() {
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) == -1 {
            // The lowest free number: those below are open by now.
            _ = Glibc.open("/dev/null", O_RDWR)
        }
    }
}
