import ArgumentParser
import FlashSaleKit
import Foundation

/// Runs the lines of a shell, one after the other: with the same parser and the same code as the program itself.
actor ShellInterpreter {
    /// What a line asks the shell itself to do.
    enum Wish: Sendable, Equatable {
        case leave
        /// Runs a line again and again.
        case watch(seconds: Double, line: String)
    }

    let environment: CommandEnvironment
    /// Options that name the stores, put behind every command that takes them.
    private(set) var storeWords: [String]
    let session: StoreSession
    var settings: ShellSettings
    /// The last command as it was typed, for `\watch` and `\e`, and what it wrote, for `\|`.
    private(set) var lastLine = ""
    private(set) var lastOutput = ""
    /// Files that are being read, innermost last.
    var includes: [String] = []

    init(environment: CommandEnvironment, storeWords: [String], session: StoreSession, settings: ShellSettings) {
        var environment = environment
        environment.session = session
        self.environment = environment
        self.storeWords = storeWords
        self.session = session
        self.settings = settings
    }

    /// Runs one line.
    /// - Throws: what the command threw, after it has been told; see ``status(of:)``.
    func run(_ text: String) async throws -> Wish? {
        let line: ShellLine
        do {
            line = try ShellLine(text)
        } catch {
            throw CommandFailure(.usage, error.message)
        }
        switch line {
        case .empty: return nil
        case .meta(let name, let argument): return try await MetaRunner(self).run(try MetaCommand.find(name), argument)
        case .command(["quit"], _, nil), .command(["exit"], _, nil): return .leave
        case .command(let words, let raw, let pipe):
            lastLine = text
            try await run(words: words, raw: raw, pipe: pipe)
            return nil
        }
    }

    /// Runs a command.
    func run(words typed: [String], raw: String, pipe: String?) async throws {
        let words = settings.substituted(typed.first == "flashctl" ? Array(typed.dropFirst()) : typed)
        guard !words.isEmpty else { return }
        let output = ShellOutput(target(pipe), base: environment.sink)
        var environment = environment
        environment.sink = output.sink
        environment.expanded = settings.expanded
        if settings.outputFile != nil || pipe != nil { environment.dataTerminal = .none }
        let started = ContinuousClock.now
        let result: Result<Void, any Error>
        do {
            try await execute(ShortForms.expanded(words), settings.substituted(statement: raw), environment)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        let took = ContinuousClock.now - started
        try await output.finish()
        lastOutput = output.text
        if settings.timing { tellTime(took) }
        do {
            try result.get()
        } catch is OutputClosed {
            // Somebody has left the pager.
        }
    }

    private func tellTime(_ duration: Duration) {
        let nanoseconds = UInt64(max(0, duration / .nanoseconds(1)))
        environment.talkOutput.say("Time: \(NumberText.latency(nanoseconds: nanoseconds))")
    }

    private func execute(_ words: [String], _ raw: String, _ environment: CommandEnvironment) async throws {
        if words.contains("--help") || words.contains("-h"), words[0] != "sql", let help = ShortForms.help(words[0]) {
            return try environment.sink.data(help)
        }
        if let store = try StoreQuery(words, raw: raw, format: settings.format) {
            return try await store.run(self.storeOptions(), settings, in: environment)
        }
        try CommandNames.check(words, besides: ShortForms.all.map(\.name))
        if let topic = CommandNames.topic(of: words) { return try environment.sink.data(topic.text) }
        var command: any ParsableCommand
        do {
            command = try await Flashctl.asyncParseAsRoot(completed(words))
            if command is ShellCommand {
                throw CommandFailure(.usage, "this is the shell already", nextStep: "\\connect leads to other stores")
            }
            if settings.readOnly, let changing = command as? any EnvironmentCommand, changing.changesSomething {
                throw CommandFailure(
                    .declined,
                    "this shell is read-only: `\(words[0])` was not run",
                    nextStep: "leave out --read-only, or add --dry-run"
                )
            }
            if let command = command as? any EnvironmentCommand { return try await command.run(in: environment) }
            if var command = command as? any AsyncParsableCommand { return try await command.run() }
            try command.run()
        } catch  where !FailureReport.isOurs(error) && !(error is CancellationError) {
            try tell(parsing: error, in: environment)
        }
    }

    /// Help is data; everything else that the parser says is an error.
    private func tell(parsing error: any Error, in environment: CommandEnvironment) throws {
        let text = Flashctl.fullMessage(for: error)
        guard Flashctl.exitCode(for: error) != .success else { return try environment.sink.data(text + "\n") }
        environment.sink.talk(text + "\n")
        throw SilentExit(ExitStatus(rawValue: Flashctl.exitCode(for: error).rawValue) ?? .usage)
    }

    /// The words with the options that hold for the whole shell, unless they are given or not taken.
    private func completed(_ words: [String]) -> [String] {
        guard let command = CommandTable.own.command(of: words) else { return words }
        let known = Set(command.options.flatMap(\.names))
        var completed = words
        func has(_ names: [String]) -> Bool {
            words.contains { word in names.contains { word == $0 || word.hasPrefix($0 + "=") } }
        }
        if known.contains("--redis"), !has(["--local", "--redis", "--postgres", "--config"]) {
            completed += storeWords
        }
        if let format = settings.format, known.contains("--output"), !has(["-o", "--output"]) {
            completed += ["--output", format.rawValue]
        }
        return completed
    }

    /// The stores of this shell.
    func storeOptions() throws -> StoreOptions {
        try StoreOptions.parse(storeWords)
    }

    private func target(_ pipe: String?) -> ShellOutput.Target {
        if let pipe { return .program(pipe) }
        if let file = settings.outputFile { return .file(file) }
        let terminal = environment.measuredAgain() ?? environment.dataTerminal
        guard !settings.isScript, environment.canAsk, let rows = terminal.height, let columns = terminal.width else {
            return .direct
        }
        let names = ["FLASHCTL_PAGER", "PAGER"].lazy.compactMap { self.environment.variables[$0] }
        let pager = names.first { !$0.isEmpty } ?? "less -FIRX"
        return .screen(rows: rows, columns: columns, pager: pager)
    }

    /// Runs a line whose data goes to `write`.
    func collect(_ text: String, _ write: @escaping @Sendable (String) -> Void) async throws {
        var environment = environment
        environment.sink = OutputSink(data: { write($0) }, talk: write)
        environment.expanded = settings.expanded
        let line: ShellLine
        do {
            line = try ShellLine(text)
        } catch {
            throw CommandFailure(.usage, error.message)
        }
        guard case .command(let typed, let raw, nil) = line else {
            throw CommandFailure(.usage, "\\watch repeats a command of flashctl, without \\|")
        }
        let words = settings.substituted(typed)
        try await execute(ShortForms.expanded(words), settings.substituted(statement: raw), environment)
    }

    // MARK: - For the commands of the shell itself

    func change(_ body: @Sendable (inout ShellSettings) -> Void) { body(&settings) }

    /// Leads to other stores, or to the same ones anew, once both have answered.
    /// - Returns: where they are.
    func connect(_ words: [String]) async throws -> String {
        let wanted = words.isEmpty ? storeWords : words
        let options: StoreOptions
        do {
            options = try StoreOptions.parse(wanted)
        } catch {
            throw CommandFailure(
                .usage,
                StoreOptions.message(for: error),
                nextStep: "write \(MetaCommand.connect.usage)"
            )
        }
        let configuration = try options.configuration(in: environment)
        var environment = environment
        environment.session = nil
        let place = try await Stores.using(configuration, local: options.local, in: environment) { stores in
            let (redis, postgres) = (try stores.redisEndpoint(), try stores.postgresEndpoint())
            return try await stores.withPostgres { _ in
                try await stores.withRedis { _ in "Redis at \(redis.location) and Postgres at \(postgres.location)" }
            }
        }
        storeWords = wanted
        await session.close()
        return place
    }
}
