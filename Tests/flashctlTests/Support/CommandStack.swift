import ArgumentParser
import FlashSaleKit

@testable import flashctl

/// Runs commands in this process against a Redis and a Postgres of their own.
struct CommandStack: Sendable {
    let stack: LocalStack
    /// As whom Redis is used; nil for everything that is allowed.
    var redisAddress: String?

    var redisURL: String { redisAddress ?? stack.redisURL }

    /// Runs `body` with new stores, by default with the current schema.
    static func with(
        migrated: Bool = true,
        options: LocalStackOptions = .fast,
        _ body: @Sendable (CommandStack) async throws -> Void
    ) async throws {
        try await LocalStack.withTemporary(options: options) { stack in
            let stores = CommandStack(stack: stack)
            if migrated { _ = try await stores.run(MigrateCommand.self) }
            try await body(stores)
        }
    }

    /// Options that name the stores.
    var addresses: [String] { ["--redis", redisURL, "--postgres", stack.postgresURL] }

    /// Runs a command that can be run in an environment; what it threw is in the result.
    func run<Command: EnvironmentCommand>(_ type: Command.Type, _ arguments: String...) async throws -> Outcome {
        try await run(type, arguments)
    }

    /// Runs a command with these arguments.
    ///
    /// - Parameters:
    ///   - variables: the environment variables.
    ///   - answers: what somebody at a terminal types; nil when there is none.
    ///   - width: columns of the terminal that data is written to; nil when there is none.
    func run<Command: EnvironmentCommand>(
        _ type: Command.Type,
        _ arguments: [String],
        variables: [String: String] = [:],
        answers: [String]? = nil,
        width: Int? = nil
    ) async throws -> Outcome {
        let terminal = Terminal(isTerminal: width != nil, width: width)
        let command = try Command.parse(arguments + addresses)
        let collected = CollectingSink()
        do {
            try await command.run(in: collected.environment(variables, dataTerminal: terminal, answers: answers))
            return Outcome(status: .success, data: collected.data, talk: collected.talk, failure: nil)
        } catch {
            return Outcome(
                status: FailureReport.status(for: error),
                data: collected.data,
                talk: collected.talk,
                failure: FailureReport.failure(for: error)
            )
        }
    }

    struct Outcome {
        var status: Status
        var data: String
        var talk: String
        var failure: CommandFailure?
    }

    /// Runs `body` with a connection of the test's own.
    func withPostgres<Value: Sendable>(
        _ body: @Sendable (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        let endpoint = try PostgresEndpoint(parsing: stack.postgresURL)
        let connection = try await PostgresConnection.connect(to: endpoint)
        let value = try await body(connection)
        await connection.close()
        return value
    }
}
