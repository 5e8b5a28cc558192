import Foundation
import Logging

extension LocalStack {
    /// A stack in a new folder under /tmp, for tests: as many at once as wanted; `destroy()` removes it. Postgres does
    /// not sync unless asked (`.durable`). What a killed test run left is removed by the next one.
    public static func temporary(
        options: LocalStackOptions = .fast,
        logger: Logger? = nil
    ) async throws -> LocalStack {
        let logger = logger ?? Logger(label: "flashctl.local", factory: { _ in SwiftLogNoOpLogHandler() })
        let template = try await TemporaryStacks.shared.template(options)
        let directory = try TemporaryStacks.newFolder()
        do {
            return try await inNewFolder(directory, options: options, template: template, logger: logger)
        } catch {
            try await TemporaryStacks.remove(StackLayout(directory: directory))
            throw error
        }
    }

    /// Ends both servers at once and removes the folder of a temporary stack.
    public func destroy() async throws {
        precondition(isTemporary, "only a temporary stack may be removed with its data")
        guard markReleased() else { return }
        closeUseLock()
        let layout = layout
        // A task of its own: a test that was cancelled (time limit) must still clean up.
        try await Task { try await TemporaryStacks.remove(layout) }.value
    }

    /// Runs `body` with a temporary stack and removes it afterwards, also when the body throws.
    public static func withTemporary<Result: Sendable>(
        options: LocalStackOptions = .fast,
        _ body: @Sendable (LocalStack) async throws -> Result
    ) async throws -> Result {
        let stack = try await temporary(options: options)
        do {
            let result = try await body(stack)
            try await stack.destroy()
            return result
        } catch {
            try await stack.destroy()
            throw error
        }
    }
}
