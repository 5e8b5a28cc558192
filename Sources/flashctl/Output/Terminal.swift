import Foundation

/// What one stream of the process is connected to.
struct Terminal: Sendable, Equatable {
    /// Whether somebody looks at it.
    var isTerminal: Bool
    /// Columns; nil off a terminal: nothing is cut there.
    var width: Int?
    /// Rows; nil off a terminal, and on one that does not say.
    var height: Int?

    /// Asks the system about a stream, each time anew: windows are resized.
    static func of(descriptor: Int32) -> Terminal {
        guard isatty(descriptor) == 1 else { return Terminal(isTerminal: false, width: nil) }
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return Terminal(isTerminal: true, width: 80)
        }
        return Terminal(
            isTerminal: true,
            width: Int(size.ws_col),
            height: size.ws_row > 0 ? Int(size.ws_row) : nil
        )
    }

    /// No terminal, as for a pipe or a file.
    static let none = Terminal(isTerminal: false, width: nil)
}
