import ArgumentParser
import Foundation

/// `make faults` and `make chaos`.
@main
struct FaultSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "faultsuite",
        abstract: "Breaks a running shop in every way it knows, and checks from outside what was promised.",
        subcommands: [FaultsCommand.self, ChaosCommand.self],
        defaultSubcommand: FaultsCommand.self
    )
}

/// Ctrl-C and SIGTERM end the suite with everything that it has started.
enum Interruption {
    /// Cancels `body` at the first signal, so that it cleans up.
    static func cancelling(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let task = Task { try await body() }
        let sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                Say.talk("interrupted; stopping what was started")
                ServerProcess.killAll()
                task.cancel()
            }
            source.activate()
            return source
        }
        defer { sources.forEach { $0.cancel() } }
        try await task.value
    }
}
