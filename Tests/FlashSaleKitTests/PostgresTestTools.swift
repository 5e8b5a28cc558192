import Foundation
import Testing

@testable import FlashSaleKit

extension LocalStack {
    /// How to reach the Postgres of the stack.
    var postgresEndpoint: PostgresEndpoint {
        get throws { try PostgresEndpoint(parsing: postgresURL) }
    }

    /// A connection to the Postgres of the stack.
    func connectPostgres(_ options: PostgresOptions = .patient()) async throws -> PostgresConnection {
        try await PostgresConnection.connect(to: postgresEndpoint, options: options, logger: quietLogger)
    }
}

/// Runs `body` with a connection to the Postgres of a new stack.
func withPostgres(
    _ options: PostgresOptions = .patient(),
    _ body: @Sendable (PostgresConnection, LocalStack) async throws -> Void
) async throws {
    try await LocalStack.withTemporary { stack in
        try await body(try await stack.connectPostgres(options), stack)
    }
}

/// The Postgres error of `body`; fails the test when there is none.
func postgresError<Value>(
    _ body: () async throws -> Value,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws -> PostgresError {
    do {
        _ = try await body()
    } catch let error as PostgresError {
        return error
    }
    return try #require(nil as PostgresError?, "no error was thrown", sourceLocation: sourceLocation)
}

/// Texts that have broken other systems.
let oddTexts = [
    "", " ", "tab\there", "line\nfeed", "back\\slash", "\\N", "\\.", "it's \"quoted\"", "null", "{a,b}", "$1",
    "emoji 🎟️",
    "Ω≈ç√", "\u{202E}right to left", "a:b:c", String(repeating: "x", count: 50_000),
]
