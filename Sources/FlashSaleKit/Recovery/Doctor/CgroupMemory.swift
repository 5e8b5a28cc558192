import Foundation

/// The limit of memory that a process of this host has by its cgroup, as containers and systemd set it.
enum CgroupMemory {
    private static let root = "/sys/fs/cgroup"

    /// Bytes; nil without a limit, or when this process is not visible here under one of these names: then the number
    /// is that of a process in another container.
    static func limit(of pid: Int32, named names: [String]) -> Int64? {
        guard let name = text("/proc/\(pid)/comm"), names.contains(name), let groups = text("/proc/\(pid)/cgroup")
        else {
            return nil
        }
        return limit(groups: groups) { text("\(root)\($0)") }
    }

    /// - Parameters:
    ///   - groups: the text of `/proc/PID/cgroup`.
    ///   - read: the text of a file below the mount of the cgroups; nil when there is none.
    static func limit(groups: String, read: (String) -> String?) -> Int64? {
        var limits: [Int64] = []
        for line in groups.split(separator: "\n") {
            // `0::/path` in version 2, `4:memory:/path` in version 1.
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let isSecond = parts[1].isEmpty
            guard isSecond || parts[1].split(separator: ",").contains("memory") else { continue }
            let (folder, file) = isSecond ? ("", "memory.max") : ("/memory", "memory.limit_in_bytes")
            // The limit of each group above counts as well. In a container the path may be that of the host, and its
            // own group is the root.
            var path = parts[2] == "/" ? "" : parts[2]
            while true {
                if let limit = read("\(folder)\(path)/\(file)").flatMap({ Int64($0) }) { limits.append(limit) }
                guard let slash = path.lastIndex(of: "/") else { break }
                path = path[..<slash]
            }
        }
        // Version 1 writes a number beyond all memory for no limit.
        return limits.min().flatMap { $0 < 1 << 60 ? $0 : nil }
    }

    private static func text(_ path: String) -> String? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
