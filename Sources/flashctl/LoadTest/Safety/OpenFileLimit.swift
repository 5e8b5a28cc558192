import Foundation

/// The process's limit of open files: each connection is one.
enum OpenFileLimit {
    /// Files that a process has open besides its connections.
    static let reserve = 64

    /// Raises the limit, no further than needed; fails when the system does not allow that.
    static func raise(toHold connections: Int) throws(CommandFailure) {
        let needed = rlim_t(connections + reserve)
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            throw CommandFailure(.failure, "cannot read the limit of open files: \(String(cString: strerror(errno)))")
        }
        if limit.rlim_cur >= needed { return }
        let old = limit
        limit.rlim_cur = needed
        limit.rlim_max = max(limit.rlim_max, needed)
        guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            throw CommandFailure(
                .failure,
                "\(connections) connections need \(needed) open files, but this process may have \(old.rlim_max)",
                nextStep: "run `ulimit -n \(needed)` first, or give fewer --connections"
            )
        }
    }
}
