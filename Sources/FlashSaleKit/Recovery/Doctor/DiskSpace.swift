import Glibc

/// How full the file system of a folder of this host is.
struct DiskSpace: Sendable, Equatable {
    /// Bytes.
    var total: Int
    /// Bytes that a program without privileges may still write.
    var free: Int

    /// Below this many bytes a busy sale may fill it within the hour.
    static let little = 4 << 30
    /// Below this many bytes it may be full within minutes.
    static let none = 512 << 20
    /// Nil when there is no such folder here.
    static func read(_ folder: String) -> DiskSpace? {
        var system = statvfs()
        guard statvfs(folder, &system) == 0 else { return nil }
        let block = Int(system.f_frsize)
        return DiskSpace(total: Int(system.f_blocks) * block, free: Int(system.f_bavail) * block)
    }

    /// - Parameters:
    ///   - whose: for instance `Postgres`.
    ///   - loss: what happens when it is full.
    func check(_ name: DeepCheck.Name, whose: String, loss: String) -> DeepCheck {
        let sentence = "\(ByteText.text(free)) of \(ByteText.text(total)) are free on the disk of \(whose)"
        if free < DiskSpace.none {
            return .critical(
                name,
                "\(sentence): \(loss).",
                fix: "Free space on it, or give it more, before the next sale."
            )
        }
        if free < DiskSpace.little {
            return .warning(name, "\(sentence): when it is full, \(loss).", fix: "Free space on it, or give it more.")
        }
        return .ok(name, "\(sentence).")
    }
}
