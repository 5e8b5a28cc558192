import ArgumentParser

/// A command that is handed everything of the process that runs it, so that tests and the shell can run it too.
protocol EnvironmentCommand: AsyncParsableCommand {
    /// Whether it changes a store, as it was called: a read-only shell refuses it then.
    var changesSomething: Bool { get }

    func run(in environment: CommandEnvironment) async throws
}

extension EnvironmentCommand {
    var changesSomething: Bool { false }

    func run() async throws {
        try await run(in: .process)
    }
}
