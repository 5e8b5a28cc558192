import CReadline
import Foundation

/// The only thread that calls readline.
struct EditingThread {
    let editor: LineEditor

    /// readline calls back without a context: this is it. Only the thread of the editor touches it.
    nonisolated(unsafe) private static var current = Editing()

    /// A line that is being typed.
    private struct Editing {
        var assistant: (any LineEditor.Assistant)?
        var prompt = ""
        var continuation: CheckedContinuation<LineEditor.Event, Never>?
        var finished: LineEditor.Event?
        var showsHint = false
        var isStopped = false
    }

    func run() {
        EditingThread.current.assistant = editor.assistant
        // readline keeps the pointer.
        shim_setup(strdup("flashctl"), { text, _, _ in EditingThread.complete(text) }, { EditingThread.redisplay() })
        while true {
            let isEditing = EditingThread.current.continuation != nil
            let (requests, input) = editor.wait(alsoForInput: isEditing)
            for request in requests {
                EditingThread.handle(request)
            }
            if input, EditingThread.current.continuation != nil { EditingThread.readCharacter() }
        }
    }

    private static func handle(_ request: LineEditor.Request) {
        let isEditing = current.continuation != nil
        switch request {
        case .read(_, let continuation) where current.isStopped: continuation.resume(returning: .end)
        case .read(let prompt, let continuation):
            current.continuation = continuation
            current.prompt = prompt
            current.finished = nil
            rl_callback_handler_install(prompt) { line in EditingThread.finish(line) }
        case .remember(let line): add_history(line)
        case .prompt(let prompt):
            // A search or an argument stands in the place of the prompt: the next second will do.
            guard isEditing, prompt != current.prompt, shim_is_plain() != 0 else { return }
            current.prompt = prompt
            eraseHint()
            shim_change_prompt(prompt)
        case .drop(let otherwise):
            guard isEditing else { return otherwise() }
            eraseHint()
            shim_drop_line()
        case .resize:
            guard isEditing else { return rl_reset_screen_size() }
            eraseHint()
            shim_resize()
        case .suspend:
            guard isEditing else {
                kill(getpid(), SIGSTOP)
                return
            }
            eraseHint()
            shim_before_suspend()
            kill(getpid(), SIGSTOP)
            shim_after_suspend()
        case .stop: stop()
        }
    }

    private static func readCharacter() {
        // A hint is no part of the line: it must not stay on the screen when the line is done.
        eraseHint()
        rl_callback_read_char()
        guard let event = current.finished else { return }
        current.finished = nil
        let continuation = current.continuation
        current.continuation = nil
        continuation?.resume(returning: event)
    }

    /// The line is complete; nil at the end of the input.
    private static func finish(_ line: UnsafeMutablePointer<CChar>?) {
        current.finished = line.map { .line(String(cString: $0)) } ?? .end
        free(line)
        // Until the next line is asked for, the terminal belongs to whatever runs.
        rl_callback_handler_remove()
    }

    /// Every line from now on is the end of the input.
    private static func stop() {
        current.isStopped = true
        guard let continuation = current.continuation else { return }
        current.continuation = nil
        rl_callback_handler_remove()
        continuation.resume(returning: .end)
    }
}

// MARK: - What is offered

extension EditingThread {
    private static func complete(_ text: UnsafePointer<CChar>?) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
        shim_completion_over(32)
        guard let text, let assistant = current.assistant else { return nil }
        let typed = String(cString: text)
        let bytes = UnsafeBufferPointer(start: shim_line(), count: Int(shim_point())).map { UInt8(bitPattern: $0) }
        let words = assistant.candidates(line: String(decoding: bytes, as: UTF8.self), word: typed)
        guard !words.isEmpty else { return nil }
        if words.count == 1, words[0].hasSuffix("/") { shim_completion_over(0) }
        // The first element is what all of them begin with; readline frees everything.
        let all = (words.count == 1 ? [] : [Self.commonPrefix(words)]) + words
        let size = MemoryLayout<UnsafeMutablePointer<CChar>?>.stride * (all.count + 1)
        guard let memory = malloc(size) else { return nil }
        let list = memory.assumingMemoryBound(to: UnsafeMutablePointer<CChar>?.self)
        for (index, word) in all.enumerated() { list[index] = strdup(word) }
        list[all.count] = nil
        return list
    }

    static func commonPrefix(_ words: [String]) -> String {
        guard var prefix = words.first else { return "" }
        // By code points: two spellings that Unicode calls equal are two words.
        for word in words.dropFirst() {
            let same = zip(prefix.unicodeScalars, word.unicodeScalars).prefix { $0.0 == $0.1 }
            prefix = same.reduce(into: "") { $0.unicodeScalars.append($1.0) }
        }
        return prefix
    }

    private static func redisplay() {
        rl_redisplay()
        guard shim_is_plain() != 0, shim_point() == shim_end(), current.continuation != nil, let line = shim_line()
        else { return }
        let typed = String(cString: line)
        guard let hint = current.assistant?.hint(line: typed), !hint.isEmpty else { return }
        // Only where it fits: what wraps cannot be taken back.
        let width = DisplayWidth.of(hint)
        guard DisplayWidth.of(visible(current.prompt)) + DisplayWidth.of(typed) + width < Int(shim_columns()) else {
            return
        }
        shim_write("\u{1B}[2m\(hint)\u{1B}[0m\u{1B}[\(width)D")
        current.showsHint = true
    }

    private static func eraseHint() {
        guard current.showsHint else { return }
        current.showsHint = false
        shim_write("\u{1B}[K")
    }

    /// The prompt without what readline is told to take for invisible.
    private static func visible(_ prompt: String) -> String {
        var text = ""
        var isHidden = false
        for character in prompt {
            switch character {
            case "\u{01}": isHidden = true
            case "\u{02}": isHidden = false
            default: if !isHidden { text.append(character) }
            }
        }
        return text
    }
}
