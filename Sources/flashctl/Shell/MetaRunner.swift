import FlashSaleKit
import Foundation

/// Does what the commands of the shell itself say.
struct MetaRunner: Sendable {
    private let interpreter: ShellInterpreter

    init(_ interpreter: ShellInterpreter) {
        self.interpreter = interpreter
    }

    func run(_ command: MetaCommand, _ argument: String) async throws -> ShellInterpreter.Wish? {
        let sink = interpreter.environment.sink
        switch command {
        case .quit: return .leave
        case .help:
            try sink.data(
                "\(MetaCommand.list)\nShort forms, besides every command of flashctl (\\h):\n\(ShortForms.list)"
            )
        case .commandHelp:
            let words = try words(argument)
            if let help = words.first.flatMap(ShortForms.help) {
                try sink.data(help)
                return nil
            }
            try await interpreter.run(words: words.isEmpty ? ["--help"] : ["help"] + words, raw: "", pipe: nil)
        case .watch: return try await watch(argument)
        case .timing: try await timing(argument)
        case .expanded: try await expanded(argument)
        case .output: try await output(argument)
        case .pipe: try await pipe(argument)
        case .include: return try await include(argument)
        case .set: try await set(argument)
        case .pset: try await pset(argument)
        case .shell: try await ShellProgram.run(argument.isEmpty ? "${SHELL:-/bin/sh}" : argument)
        case .connect:
            let place = try await interpreter.connect(try words(argument))
            interpreter.environment.talkOutput.say("Connected to \(place).")
        case .edit, .history:
            throw CommandFailure(.usage, "\\\(command.rawValue) needs a terminal")
        }
        return nil
    }

    private func words(_ argument: String) throws -> [String] {
        do {
            return try ShellWords.split(argument)
        } catch {
            throw CommandFailure(.usage, error.message)
        }
    }

    private func usage(_ command: MetaCommand) -> CommandFailure {
        CommandFailure(.usage, "\\\(command.rawValue) is not used like that", nextStep: "write \(command.usage)")
    }

    private func watch(_ argument: String) async throws -> ShellInterpreter.Wish {
        var interval = WatchInterval.usual
        var line = argument
        if let first = argument.split(separator: " ").first, let seconds = Double(first) {
            interval = WatchInterval(seconds: seconds)
            line = String(argument.dropFirst(first.count).drop { $0 == " " })
        }
        guard interval.isUsable else {
            throw CommandFailure(
                .usage,
                "\\watch takes 0.1 to 3600 seconds",
                nextStep: "write \(MetaCommand.watch.usage)"
            )
        }
        if line.isEmpty { line = await interpreter.lastLine }
        guard !line.isEmpty else {
            throw CommandFailure(.usage, "there is no last command to watch", nextStep: "name one: \\watch 2 status")
        }
        return .watch(seconds: interval.seconds, line: line)
    }

    /// The file is emptied, and is there from now on: a wrong name is said before anything is lost.
    private func output(_ argument: String) async throws {
        guard !argument.isEmpty else { return await interpreter.change { $0.outputFile = nil } }
        let path = MetaRunner.expanded(argument)
        guard let file = fopen(path, "w") else {
            throw CommandFailure(.failure, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
        fclose(file)
        await interpreter.change { $0.outputFile = path }
    }

    /// With the home folder in place of `~`.
    private static func expanded(_ path: String) -> String { (path as NSString).expandingTildeInPath }

    private func timing(_ argument: String) async throws {
        let wanted = try toggle(argument, await interpreter.settings.timing, .timing)
        await interpreter.change { $0.timing = wanted }
        interpreter.environment.talkOutput.say("Timing is \(wanted ? "on" : "off").")
    }

    private func toggle(_ argument: String, _ now: Bool, _ command: MetaCommand) throws -> Bool {
        switch argument {
        case "": !now
        case "on": true
        case "off": false
        default: throw usage(command)
        }
    }

    private func expanded(_ argument: String) async throws {
        let now = await interpreter.settings.expanded
        let wanted: Output.Expanded
        if argument.isEmpty {
            wanted = now == .off ? .on : .off
        } else {
            guard let named = Output.Expanded(rawValue: argument) else { throw usage(.expanded) }
            wanted = named
        }
        await interpreter.change { $0.expanded = wanted }
        interpreter.environment.talkOutput.say("Expanded display is \(wanted.rawValue).")
    }

    /// Alone it gives the output of the last command to a program; behind a command the line says so itself.
    private func pipe(_ program: String) async throws {
        guard !program.isEmpty else { throw usage(.pipe) }
        let output = ShellOutput(.program(program), base: interpreter.environment.sink)
        try output.sink.data(await interpreter.lastOutput)
        try await output.finish()
    }

    private func set(_ argument: String) async throws {
        let words = try words(argument)
        guard let name = words.first else {
            for (name, value) in await interpreter.settings.variables.sorted(by: { $0.key < $1.key }) {
                try interpreter.environment.sink.data("\(name) = \(ShellWords.quoted(value))\n")
            }
            return
        }
        let value = words.dropFirst().joined(separator: " ")
        await interpreter.change { $0.variables[name] = words.count == 1 ? nil : value }
    }

    private func pset(_ argument: String) async throws {
        let words = try words(argument)
        guard words.count == 2, words[0] == "format", let format = Output.Format(rawValue: words[1]) else {
            throw usage(.pset)
        }
        await interpreter.change { $0.format = format }
    }

    private func include(_ path: String) async throws -> ShellInterpreter.Wish? {
        guard !path.isEmpty else { throw usage(.include) }
        let script = try ShellScript(path: MetaRunner.expanded(path))
        // Leaving a file is not leaving the shell.
        _ = try await script.run(on: interpreter, keepsGoing: await interpreter.settings.keepsGoing)
        return nil
    }
}
