import FlashSaleKit
import Foundation
import Logging
import Synchronization
import Testing

@testable import flashserve

/// Asks until the answer is the expected one; at most `limit` seconds.
func until<Value: Equatable & Sendable>(
    _ expected: Value,
    limit: Double = 20,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ ask: () async throws -> Value
) async throws {
    let deadline = ContinuousClock.now + .seconds(limit)
    var last = try await ask()
    while last != expected, ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(50))
        last = try await ask()
    }
    #expect(last == expected, "after \(limit) s", sourceLocation: sourceLocation)
}

/// A value that a test changes while a server reads it.
final class Shared<Value: Sendable>: Sendable {
    fileprivate let content: Mutex<Value>

    init(_ value: Value) {
        content = Mutex(value)
    }

    var value: Value {
        get { content.withLock { $0 } }
        set { content.withLock { $0 = newValue } }
    }
}

extension Shared<Int> {
    /// Adds to it at once.
    func add(_ number: Int) { content.withLock { $0 += number } }
}

extension HTTPTestClient {
    /// One of the checks of `/readyz?verbose`.
    func readyCheck(_ name: String) async throws -> String {
        let page = try await request("GET", "/readyz?verbose")
        return (try page.json["checks"] as? [String: String])?[name] ?? "missing"
    }

    /// The level of one of the guards of `/readyz?verbose`.
    func guardLevel(_ name: String) async throws -> String {
        let page = try await request("GET", "/readyz?verbose")
        let guards = try page.json["guards"] as? [[String: Any]] ?? []
        return guards.first { $0["name"] as? String == name }?["level"] as? String ?? "missing"
    }

    /// Sends a request and measures how long the client waits.
    func timed(_ method: String, _ target: String) async throws -> (response: Response, wait: Duration) {
        let started = ContinuousClock.now
        let response = try await request(method, target)
        return (response, ContinuousClock.now - started)
    }
}
