import Foundation
import Synchronization
import UnixSignals

/// Shows a load test while it runs: on a terminal each second in the place of the one before, elsewhere one line a
/// second. It writes where talk goes, so that the result can be piped.
///
/// Everything is shown in the terminal's second screen: what stood there before is there again afterwards.
final class LoadLiveView: Sendable {
    private struct State {
        var timeline = LoadTimeline()
        var isShown = false
        var hasEnded = false
        /// Follows the size of the window, and comes back after Ctrl-Z.
        var signals: Task<Void, Never>?
    }

    /// The second screen, emptied, without a cursor.
    static let enter = "\u{1B}[?1049h" + WatchScreen.enter
    /// Empties it, for terminals that have none, and goes back.
    static let leave = "\u{1B}[?7h\u{1B}[H\u{1B}[J\u{1B}[?1049l\u{1B}[?25h"

    private let screen: LoadScreen
    private let output: Output
    /// The window as it is now.
    private let measured: @Sendable () -> Terminal
    private let state = Mutex(State())

    init(
        _ screen: LoadScreen,
        output: Output,
        measured: @escaping @Sendable () -> Terminal = { .of(descriptor: STDERR_FILENO) }
    ) {
        self.screen = screen
        self.output = output
        self.measured = measured
    }

    /// Shows the next second.
    func show(_ timeline: LoadTimeline) {
        state.withLock { state in
            guard !state.hasEnded else { return }
            state.timeline = timeline
            guard output.talkTerminal.isTerminal else { return output.say(screen.line(timeline)) }
            if !state.isShown { begin(&state) }
            draw(timeline)
        }
    }

    /// Leaves the terminal as it was. Called more than once it does nothing more.
    func end() {
        let signals = state.withLock { state in
            if state.isShown, !state.hasEnded {
                output.sink.talk(LoadLiveView.leave)
                TerminalGuard.disarm()
            }
            state.hasEnded = true
            return state.signals
        }
        signals?.cancel()
    }

    private func begin(_ state: inout State) {
        state.isShown = true
        // Where no real terminal is, no signal can harm it.
        if measured().isTerminal {
            TerminalGuard.arm()
            state.signals = Task { [self] in
                for await signal in await UnixSignalsSequence(trapping: .sigwinch, .sigcont) {
                    redraw(entersAgain: signal == .sigcont)
                }
            }
        }
        output.sink.talk(LoadLiveView.enter)
    }

    private func redraw(entersAgain: Bool) {
        state.withLock { state in
            guard state.isShown, !state.hasEnded else { return }
            if entersAgain {
                TerminalGuard.arm()
                output.sink.talk(LoadLiveView.enter)
            }
            draw(state.timeline)
        }
    }

    private func draw(_ timeline: LoadTimeline) {
        let now = measured()
        let terminal = now.isTerminal ? now : output.talkTerminal
        let text = screen.text(timeline, width: terminal.width ?? 80, color: output.talkColor)
        let footer = TextStyle.dim.applied(to: "Ctrl-C stops and prints the summary", color: output.talkColor)
        output.sink.talk(WatchScreen.frame(text, footer: footer, terminal: terminal))
    }
}
