import Foundation
import TestSupport

extension Fault {
    /// A server that is an hour wrong; Redis and Postgres are right.
    static let clockFaults = [clock("clock-forward", "+1h"), clock("clock-back", "-1h")]

    private static func clock(_ name: String, _ shift: String) -> Fault {
        Fault(name, setup: servers(1, or: 2)) { strike in
            // Ours first: see Tests/CClock.
            let ours = URL(filePath: BuiltBinary.path).deletingLastPathComponent().appending(path: "libCClock.so").path
            guard access(ours, R_OK) == 0 else { throw SuiteError("\(ours) is not built") }
            let library = "\(ours) \(try fakeTime())"
            await strike.shop.kill(0)
            try await strike.shop.start(
                0,
                environment: [
                    "LD_PRELOAD": library, "FAKETIME": shift, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                    "DONT_FAKE_MONOTONIC": "1",
                ]
            )
            try await strike.wait(3000...6000)
            try await strike.shop.terminate(0)
            try await strike.shop.start(0)
        }
    }

    /// Marks in /dev/shm that a process leaves when it is killed.
    static func removeMarks(of pid: pid_t) {
        for name in ["faketime_shm_\(pid)", "sem.faketime_sem_\(pid)"] { unlink("/dev/shm/\(name)") }
    }

    /// The library of Debian's package libfaketime.
    private static func fakeTime() throws -> String {
        let folders = try FileManager.default.contentsOfDirectory(atPath: "/usr/lib").filter { $0.hasSuffix("-gnu") }
        let paths = folders.map { "/usr/lib/\($0)/faketime/libfaketime.so.1" }
        guard let path = paths.first(where: { access($0, R_OK) == 0 }) else {
            throw SuiteError("libfaketime is not installed: apt-get install faketime")
        }
        return path
    }
}
