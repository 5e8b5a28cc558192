import FlashSaleKit
import Glibc
import flashserve

/// Whether a server that is started like this command could hold a crowd.
enum OpenFileCheck {
    /// By the limits of this process, which a server of the same service or shell would have.
    static func read() -> DeepCheck {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return .warning(
                .openFiles,
                "The limit of open files cannot be read: \(String(cString: strerror(errno))).",
                fix: "Look at `ulimit -n` and `ulimit -Hn`."
            )
        }
        return check(soft: Int(clamping: limit.rlim_cur), hard: Int(clamping: limit.rlim_max))
    }

    /// A server raises the soft limit itself, so only the hard one bounds it.
    static func check(soft: Int, hard: Int) -> DeepCheck {
        let connections = ConnectionRoom.connections(openFiles: hard)
        let files = soft == hard ? limit(hard) : "\(limit(soft)), which it raises to \(limit(hard))"
        let sentence =
            "A server started like this may have \(NumberText.grouped(connections)) connections (open files: \(files))"
        guard connections < ConnectionRoom.few else { return .ok(.openFiles, "\(sentence).") }
        return .warning(
            .openFiles,
            "\(sentence). Buyers beyond that are turned away.",
            fix: "Raise the hard limit to \(NumberText.grouped(ConnectionRoom.most)) or more: `ulimit -Hn`,"
                + " LimitNOFILE= of the service, or /etc/security/limits.conf."
        )
    }

    private static func limit(_ number: Int) -> String { number == .max ? "unlimited" : NumberText.grouped(number) }
}
