import FlashSaleKit
import NIOCore

/// How long tests wait for what must happen. They wait for the event and not for the time: the limit is only reached by
/// a test that fails, also on a machine that was just booted, that is ten times slower or has other work to do.
package enum TestPatience {
    package static let limit = Duration.seconds(120)
    /// Between two looks.
    package static let interval = Duration.milliseconds(20)
}

/// What a test has waited for did not happen within ``TestPatience/limit``.
package struct NeverHappened: Error, CustomStringConvertible {
    package let description: String
}

/// Looks until the condition holds; throws when it does not within ``TestPatience/limit``.
package func eventually(
    _ what: String = "what the test waits for",
    file: String = #fileID,
    line: Int = #line,
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + TestPatience.limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            throw NeverHappened(description: "\(what) did not happen in \(TestPatience.limit) (\(file):\(line))")
        }
        try await Task.sleep(for: TestPatience.interval)
    }
}

extension RedisConnectionOptions {
    /// For connections of tests that are not about time.
    package static func patient(_ change: (inout RedisConnectionOptions) -> Void = { _ in }) -> RedisConnectionOptions {
        let limit = TimeAmount.seconds(TestPatience.limit.components.seconds)
        var options = RedisConnectionOptions(connectTimeout: limit, commandTimeout: limit)
        change(&options)
        return options
    }
}

extension PostgresOptions {
    /// For connections of tests that are not about time.
    package static func patient(_ change: (inout PostgresOptions) -> Void = { _ in }) -> PostgresOptions {
        var options = PostgresOptions()
        options.connectTimeout = TestPatience.limit
        options.statementTimeout = TestPatience.limit
        options.idleInTransactionTimeout = TestPatience.limit
        change(&options)
        return options
    }
}
