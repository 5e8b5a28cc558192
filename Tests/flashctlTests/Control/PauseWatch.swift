import FlashSaleKit
import Foundation
import Synchronization
import Testing

@testable import flashctl

/// Buyers at several servers, and the time of every request and answer.
final class PauseWatch: Sendable {
    struct Answer: Sendable {
        let server: Int
        let sent: ContinuousClock.Instant
        let answered: ContinuousClock.Instant
        let status: Int
        let error: String?

        var isPaused: Bool { status == 503 && error == "paused" }
    }

    private let found = Mutex<[Answer]>([])
    private let over = Mutex(false)

    var all: [Answer] { found.withLock { $0 } }

    func stop() { over.withLock { $0 = true } }

    /// Buyers who check out one after the other, until `stop`.
    func load(_ ports: [Int], buyers: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for (server, port) in ports.enumerated() {
                for buyer in 0..<buyers { tasks.addTask { try await self.buy(server, port, buyer) } }
            }
            try await tasks.waitForAll()
        }
    }

    private func buy(_ server: Int, _ port: Int, _ buyer: Int) async throws {
        let client = try await ShopClient.connect(port: port)
        var number = 0
        while !over.withLock({ $0 }) {
            number += 1
            let sent = ContinuousClock.now
            let reply = try await client.checkout("user-\(server)-\(buyer)-\(number)")
            let answer = Answer(
                server: server,
                sent: sent,
                answered: .now,
                status: reply.status,
                error: reply["error"]
            )
            found.withLock { $0.append(answer) }
        }
        try await client.close()
    }

    /// Waits until every server has answered as often again.
    func answers(_ count: Int, servers: Int) async throws {
        let before = all.count
        try await eventually("\(count) answers of each server") {
            let new = all.dropFirst(before)
            return (0..<servers).allSatisfy { server in new.count { $0.server == server } >= count }
        }
    }
}

/// When the command was started, when Redis decided, when the command had returned, and when it was taken back.
struct PauseTimes: Sendable {
    var began: ContinuousClock.Instant
    /// From the beginning to the decision in Redis, by the clock of this host, which is that of Redis too.
    var decided: Duration
    var returned: ContinuousClock.Instant
    var resuming: ContinuousClock.Instant

    /// One line of figures for each server, in milliseconds since the command was started.
    func figures(_ answers: [PauseWatch.Answer], servers: Int) -> [String] {
        (0..<servers).map { server in
            let own = answers.filter { $0.server == server && $0.answered > began && $0.answered < resuming }
            let first = own.filter(\.isPaused).map { $0.answered - began }.min()
            let last = own.filter { !$0.isPaused }.map { $0.answered - began }.max()
            let times = [decided, first, last, returned - began].map(PauseTimes.milliseconds)
            return "server \(server): decided in Redis \(times[0]), first paused answer \(times[1]), "
                + "last other answer \(times[2]), command returned \(times[3]) ms; answers meanwhile \(own.count)"
        }
    }

    private static func milliseconds(_ time: Duration?) -> String {
        guard let time else { return "never" }
        let tenths = time.components.seconds * 10_000 + time.components.attoseconds / 100_000_000_000_000
        return "\(tenths / 10).\(abs(tenths % 10))"
    }

    /// Appends the figures to the file that `FLASHCTL_FIGURES` names.
    func report(_ answers: [PauseWatch.Answer], servers: Int) throws {
        guard let path = ProcessInfo.processInfo.environment["FLASHCTL_FIGURES"] else { return }
        let old = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        let text = old + figures(answers, servers: servers).joined(separator: "\n") + "\n"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
}
