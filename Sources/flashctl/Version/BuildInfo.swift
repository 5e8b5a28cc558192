import CBuildInfo
import FlashSaleKit

/// Which program this is: what `--version` prints.
enum BuildInfo {
    /// The commit that was built; `unknown` when the build was not told, as by a plain `swift build`.
    static var revision: String { String(cString: flashctl_revision()) }

    /// The Swift that compiled it. The language knows its own version in conditions only.
    static var swift: String {
        #if compiler(>=6.5)
            "6.5 or newer"
        #elseif compiler(>=6.4)
            "6.4"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }

    /// Two programs with the same scripts decide alike, whatever their revisions.
    static var scripts: String {
        SaleScript.allCases.map { "\($0.rawValue) \($0.sha1.prefix(8))" }.joined(separator: ", ")
    }

    /// All of it, one fact a line.
    static var text: String {
        """
        flashctl \(Flashctl.version)
        revision  \(revision)
        Swift     \(swift)
        scripts   \(scripts)
        """
    }
}
