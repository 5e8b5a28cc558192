import FlashSaleKit
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import flashserve

/// Asks until the answer is the expected one; fails when that takes longer than ``TestPatience/limit``.
func until<Value: Equatable & Sendable>(
    _ expected: Value,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ ask: () async throws -> Value
) async throws {
    let deadline = ContinuousClock.now + TestPatience.limit
    var last = try await ask()
    while last != expected, ContinuousClock.now < deadline {
        try await Task.sleep(for: TestPatience.interval)
        last = try await ask()
    }
    #expect(last == expected, "after \(TestPatience.limit)", sourceLocation: sourceLocation)
}

extension ServerTimes {
    /// So that a server of a test answers without a store only when the test has taken it away.
    static var patient: ServerTimes { ServerTimes(all: TestPatience.limit) }

    /// As those, but who buys is soon told that the row is not there yet.
    static var pendingSoon: ServerTimes {
        var times = patient
        times.purchase = .milliseconds(300)
        return times
    }
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

    /// Buys until the row is there; the answer with it.
    func bought(_ code: String) async throws -> Response {
        var answer = try await purchase(code)
        try await eventually {
            if [202, 503].contains(answer.status) { answer = try await purchase(code) }
            return ![202, 503].contains(answer.status)
        }
        #expect(answer.status == 200)
        return answer
    }
}
