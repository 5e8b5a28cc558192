/// A terminal on which one report takes the place of the one before. It writes each frame at once, never scrolls, and
/// cuts what does not fit the window of this moment.
struct WatchScreen: Sendable {
    /// Rows when the terminal does not say.
    private static let usualHeight = 24

    /// Hides the cursor and empties the window.
    static let enter = "\u{1B}[?25l\u{1B}[H\u{1B}[2J"
    /// Shows the cursor again; it stands below the last frame.
    static let leave = "\u{1B}[?7h\u{1B}[?25h"

    /// From the upper left corner on: the lines of `text`, each followed by nothing that was there before, then the
    /// footer. Lines do not wrap: the terminal cuts them, however narrow it has become meanwhile.
    static func frame(_ text: String, footer: String, terminal: Terminal) -> String {
        // The last row stays free: a line feed there would scroll.
        let room = max(2, (terminal.height ?? usualHeight) - 1) - 1
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        var footer = footer
        if lines.count > room {
            let rest = lines.count - room
            footer += rest == 1 ? "; 1 more line does not fit the window" : "; \(rest) more lines do not fit the window"
            lines = Array(lines.prefix(room))
        }
        let rows = (lines + [footer]).map { $0 + "\u{1B}[K\n" }
        return "\u{1B}[?7l\u{1B}[H" + rows.joined() + "\u{1B}[J\u{1B}[?7h"
    }
}
