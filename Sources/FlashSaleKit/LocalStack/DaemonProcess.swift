import Foundation

/// A server of the stack, known by process id and by its working folder. The folder tells our server from a stranger
/// that got the id of a dead one: both servers change into their data folder and stay there.
struct DaemonProcess: Sendable, Equatable {
    let pid: pid_t
    let folder: String

    /// Alive, not a zombie, and working in our folder.
    var isOurs: Bool {
        reap()
        return isRunning && DaemonProcess.worksIn(folder, pid: pid)
    }

    /// Alive and not a zombie. Nobody may reap a zombie in a container whose first process is not an init.
    var isRunning: Bool {
        guard let state else { return false }
        return state != "Z" && state != "X"
    }

    /// The state letter of the process (proc(5)), nil when it is gone.
    var state: Character? {
        guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let afterName = status.lastIndex(of: ")")
        else { return nil }
        return status[status.index(after: afterName)...].drop(while: { $0 == " " }).first
    }

    /// Collects the process if it is a dead child of ours; does nothing for anybody else's.
    func reap() {
        var status: Int32 = 0
        _ = waitpid(pid, &status, WNOHANG)
    }

    /// Sends a signal, if the process is still the one meant.
    func signal(_ number: Int32) {
        if isOurs { _ = kill(pid, number) }
    }

    /// Waits until the process is gone. False when it is still there after `limit`.
    func waitForExit(limit: Duration) async throws -> Bool {
        let deadline = ContinuousClock.now + limit
        while true {
            reap()
            if !isRunning { return true }
            if ContinuousClock.now >= deadline { return false }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Every process that works in the folder: after `kill -9` of postgres its children live on for some milliseconds.
    static func all(in folder: String) -> [DaemonProcess] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc") else { return [] }
        return names.compactMap { pid_t($0) }
            .filter { worksIn(folder, pid: $0) }
            .map { DaemonProcess(pid: $0, folder: folder) }
            .filter(\.isRunning)
    }

    private static func worksIn(_ folder: String, pid: pid_t) -> Bool {
        var work = stat()
        var data = stat()
        guard stat("/proc/\(pid)/cwd", &work) == 0, stat(folder, &data) == 0 else { return false }
        return work.st_dev == data.st_dev && work.st_ino == data.st_ino
    }
}
