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
        let connections = ConnectionRoom.connections(openFiles: Int(clamping: files))
        if connections < ConnectionRoom.few {
            logger.warning(
                "few connections are possible: raise the hard limit of open files (ulimit -Hn, LimitNOFILE=)",
                metadata: ["open_files": "\(files)", "connections": "\(connections)"]
            )
        }
        return connections
    }
}

/// How many connections a server may have, by the open files that the system allows it.
public enum ConnectionRoom {
    /// With fewer connections a crowd waits outside.
    public static let few = 4096
    /// The server's own limit.
    public static let most = Limits.connections

    /// At least 1; the rest of the files are the server's own.
    public static func connections(openFiles: Int) -> Int {
        min(most, max(1, openFiles - Limits.reservedFiles))
    }
}
