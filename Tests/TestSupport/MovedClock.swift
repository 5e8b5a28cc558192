import Foundation

/// Another wall clock for a process; all its other clocks go on as they are. See Tests/CClock.
package enum MovedClock {
    /// The library is not built beside the program.
    package struct Missing: Error, CustomStringConvertible {
        package let description: String
    }

    /// The environment of a process whose wall clock is moved by `shift`, e.g. `+1h` or `-5s`; by a path, the clock
    /// follows the text of that file while the process runs.
    package static func environment(_ shift: String) throws -> [String: String] {
        let folder = URL(filePath: BuiltBinary.path).deletingLastPathComponent()
        let library = folder.appending(path: "libCClock.so").path
        guard access(library, R_OK) == 0 else {
            throw Missing(description: "\(library) is not built: swift build --product CClock")
        }
        return ["LD_PRELOAD": library, "CLOCK_SHIFT": shift]
    }
}
