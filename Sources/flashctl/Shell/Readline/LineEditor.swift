import CReadline
import Foundation
import Synchronization

/// GNU readline on a thread of its own: what is typed never waits for a store, and a store never for what is typed.
///
/// readline is one set of global variables: there is one editor in a process.
final class LineEditor: Sendable {
    /// How the editing of a line ended.
    enum Event: Sendable, Equatable {
        case line(String)
        /// Ctrl-D on an empty line.
        case end
    }

    /// What the thread is asked for.
    enum Request: Sendable {
        case read(prompt: String, CheckedContinuation<Event, Never>)
        /// A line that the arrow keys find again.
        case remember(String)
        /// Another prompt for the line that is being typed.
        case prompt(String)
        /// Ctrl-C: the line is dropped. When none is being typed, the closure is called instead.
        case drop(otherwise: @Sendable () -> Void)
        case resize
        /// Ctrl-Z: the terminal as it was, stop, and on again.
        case suspend
        case stop
    }

    /// What is offered for a line.
    protocol Assistant: Sendable {
        /// Candidates for the word that ends at the cursor. Answers within 50 ms: nobody may type against a wall.
        func candidates(line: String, word: String) -> [String]
        /// What comes next, shown dimly behind the cursor.
        func hint(line: String) -> String?
    }

    private let requests = Mutex<[Request]>([])
    private let wakeup: WakeupPipe
    let assistant: any Assistant

    /// Starts the thread.
    init(assistant: any Assistant) throws(CommandFailure) {
        wakeup = try WakeupPipe("the line editor cannot start")
        self.assistant = assistant
        let thread = Thread { [self] in EditingThread(editor: self).run() }
        thread.name = "readline"
        thread.start()
    }

    /// Lets a person type a line.
    func read(prompt: String) async -> Event {
        await withCheckedContinuation { post(.read(prompt: prompt, $0)) }
    }

    /// Hands a request to the thread. Harmless when no line is being typed.
    func post(_ request: Request) {
        requests.withLock { $0.append(request) }
        wakeup.call()
    }

    /// Waits until something is typed or asked for; what is asked for.
    func wait(alsoForInput: Bool) -> (requests: [Request], input: Bool) {
        var sources = [
            pollfd(fd: wakeup.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: alsoForInput ? STDIN_FILENO : -1, events: Int16(POLLIN), revents: 0),
        ]
        poll(&sources, 2, -1)
        wakeup.drain()
        let waiting = requests.withLock { requests in
            defer { requests.removeAll() }
            return requests
        }
        return (waiting, sources[1].revents != 0)
    }
}
