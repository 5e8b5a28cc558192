import Glibc
import Logging

/// The process's limit of open files: each connection is one.
enum OpenFiles {
    /// Raises the soft limit to the hard one, and returns how many connections that allows.
    static func raiseLimit(_ logger: Logger) -> Int {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0 else {
            logger.warning("the limit of open files cannot be read", metadata: ["errno": "\(errno)"])
            return Limits.connections
        }
        let soft = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        let files = setrlimit(resource, &limit) == 0 ? limit.rlim_max : soft
        let connections = min(Limits.connections, max(1, Int(clamping: files) - Limits.reservedFiles))
        if connections < 4096 {
            logger.warning(
                "few connections are possible: raise the hard limit of open files (ulimit -Hn, LimitNOFILE=)",
                metadata: ["open_files": "\(files)", "connections": "\(connections)"]
            )
        }
        return connections
    }
}
