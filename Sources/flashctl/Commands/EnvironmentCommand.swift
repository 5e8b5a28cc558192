import ArgumentParser

/// A command that is handed everything of the process that runs it, so that tests and the shell can run it too.
protocol EnvironmentCommand: AsyncParsableCommand {
    func run(in environment: CommandEnvironment) async throws
}

extension EnvironmentCommand {
    func run() async throws {
        try await run(in: .process)
    }
}
