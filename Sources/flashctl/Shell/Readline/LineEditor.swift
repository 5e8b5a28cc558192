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
    private let wakeup: (read: Int32, write: Int32)
    let assistant: any Assistant

    /// Starts the thread.
    init(assistant: any Assistant) throws(CommandFailure) {
        var descriptors: [Int32] = [0, 0]
        guard pipe(&descriptors) == 0 else {
            throw CommandFailure(.failure, "the line editor cannot start: \(String(cString: strerror(errno)))")
        }
        for descriptor in descriptors {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        }
        wakeup = (descriptors[0], descriptors[1])
        self.assistant = assistant
        let thread = Thread { [self] in EditingThread(editor: self).run() }
        thread.name = "readline"
        thread.start()
    }

    deinit {
        close(wakeup.read)
        close(wakeup.write)
    }

    /// Lets a person type a line.
    func read(prompt: String) async -> Event {
        await withCheckedContinuation { post(.read(prompt: prompt, $0)) }
    }

    /// Hands a request to the thread. Harmless when no line is being typed.
    func post(_ request: Request) {
        requests.withLock { $0.append(request) }
        var byte: UInt8 = 0
        // A pipe that is full wakes it just as well.
        _ = Glibc.write(wakeup.write, &byte, 1)
    }

    /// Waits until something is typed or asked for; what is asked for.
    func wait(alsoForInput: Bool) -> (requests: [Request], input: Bool) {
        var sources = [
            pollfd(fd: wakeup.read, events: Int16(POLLIN), revents: 0),
            pollfd(fd: alsoForInput ? STDIN_FILENO : -1, events: Int16(POLLIN), revents: 0),
        ]
        poll(&sources, 2, -1)
        var bytes = [UInt8](repeating: 0, count: 64)
        while Glibc.read(wakeup.read, &bytes, bytes.count) > 0 {}
        let waiting = requests.withLock { requests in
            defer { requests.removeAll() }
            return requests
        }
        return (waiting, sources[1].revents != 0)
    }
}
