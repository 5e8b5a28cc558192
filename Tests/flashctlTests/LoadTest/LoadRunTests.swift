import Foundation
import Synchronization
import Testing

@testable import flashctl

/// The generator against a server on a real socket.
@Suite struct LoadRunTests {
    private let soldOut = response(409, "{\"error\":\"sold_out\",\"message\":\"x\"}")

    private func run(
        _ server: ScriptedServer,
        requests: Int,
        connections: Int,
        threads: Int = 1,
        timeout: Int = 30,
        interrupts: AsyncStream<Status> = AsyncStream { $0.finish() }
    ) async throws -> LoadSummary {
        let target = LoadTarget(host: "127.0.0.1", port: server.port)
        var plan = LoadPlan(.megaload, target: target, runID: "test")
        plan.requests = requests
        plan.connections = connections
        plan.threads = threads
        plan.timeoutSeconds = timeout
        return try await LoadRun(plan: plan, interrupts: interrupts) { _ in }.execute()
    }

    @Test(arguments: [1, 2]) func everyRequestIsSentOnceAndCounted(threads: Int) async throws {
        let soldOut = soldOut
        let behaviour: ScriptedServer.Behaviour = { number, _ in
            [.send(number < 100 ? response(201, "{\"code\":\"x\"}") : soldOut)]
        }
        try await ScriptedServer.serving(behaviour) { server in
            let summary = try await run(server, requests: 2000, connections: 50, threads: threads)
            #expect(summary.status == .success)
            #expect(summary.accepted == 100)
            #expect(summary.refused == 1900)
            #expect(summary.purchases == 0)
            #expect(summary.tally.sent == 2000)
            #expect(summary.unsent == 0)
            #expect(summary.unanswered == 0)
            #expect(summary.answers.map(\.count) == [100, 1900])
            #expect(summary.answers.map(\.code) == [nil, "sold_out"])
            #expect(summary.latencies.map { $0.histogram.totalCount } == [100, 1900])
            let wanted = (0..<2000).map { "POST /checkout?user_id=test-\($0)&id=\($0 + 1) HTTP/1.1" }
            #expect(Set(server.requestLines) == Set(wanted))
            #expect(server.requestLines.count == 2000)
        }
    }

    @Test func refusalsAreNotSuccesses() async throws {
        let behaviour: ScriptedServer.Behaviour = { number, _ in
            let status = [409, 429, 403, 400, 404][number % 5]
            return [.send(response(status, "{\"error\":\"e\(status)\"}"))]
        }
        try await ScriptedServer.serving(behaviour) { server in
            let summary = try await run(server, requests: 50, connections: 5)
            #expect(summary.accepted == 0)
            #expect(summary.purchases == 0)
            #expect(summary.refused == 40, "a 400 is a refusal too, a 404 to a checkout is nothing that the API knows")
            #expect(summary.strangeAnswers == 10)
            #expect(summary.answers.map(\.status) == [400, 403, 404, 409, 429])
            #expect(summary.answers.allSatisfy { $0.count == 10 && $0.code == "e\($0.status)" })
        }
    }

    @Test func aServerErrorFailsTheRun() async throws {
        let behaviour: ScriptedServer.Behaviour = { number, _ in [.send(response(number == 7 ? 503 : 201))] }
        try await ScriptedServer.serving(behaviour) { server in
            let summary = try await run(server, requests: 20, connections: 2)
            #expect(summary.serverErrors == 1)
            #expect(summary.status == .failure)
        }
    }

    @Test func slowAnswersShowInTheLatency() async throws {
        let behaviour: ScriptedServer.Behaviour = { number, _ in
            number == 0 ? [.pause(.milliseconds(300)), .send(response(201))] : [.send(response(409))]
        }
        try await ScriptedServer.serving(behaviour) { server in
            let summary = try await run(server, requests: 200, connections: 10)
            let slow = try #require(summary.latencies.first { $0.outcome == .held }).histogram
            #expect(slow.totalCount == 1)
            #expect(slow.valueAtPercentile(100) >= 300_000_000)
            #expect(summary.status == .success)
        }
    }

    @Test func answersInPiecesAreReadWhole() async throws {
        let behaviour: ScriptedServer.Behaviour = { number, _ in
            if number.isMultiple(of: 2) {
                return [
                    .send("HTTP/1.1 409 Conf"), .pause(.milliseconds(2)), .send("lict\r\nTransfer-Enc"),
                    .pause(.milliseconds(2)), .send("oding: chunked\r\n\r\n9\r\n{\"error\":"),
                    .pause(.milliseconds(2)), .send("\r\nb\r\n\"sold_out\"}\r\n0\r\n"), .pause(.milliseconds(2)),
                    .send("\r\n"),
                ]
            }
            let text = response(201, "{\"code\":\"x\"}")
            return [.send(String(text.dropLast(4))), .pause(.milliseconds(2)), .send(String(text.suffix(4)))]
        }
        try await ScriptedServer.serving(behaviour) { server in
            let summary = try await run(server, requests: 40, connections: 4)
            #expect(summary.status == .success)
            #expect(summary.answers.map(\.count) == [20, 20])
            #expect(summary.answers.last?.code == "sold_out")
        }
    }

    @Test func announcedClosesAreNoErrors() async throws {
        let behaviour: ScriptedServer.Behaviour = { _, _ in
            [.send(response(409, headers: "Connection: close\r\n")), .close]
        }
        try await ScriptedServer.serving(behaviour) { server in
            let summary = try await run(server, requests: 100, connections: 5)
            #expect(summary.status == .success)
            #expect(summary.tally.answered == 100)
            #expect(summary.networkErrors.isEmpty)
        }
    }

    @Test func lostAnswersAreErrorsOfTheirKind() async throws {
        let behaviour: ScriptedServer.Behaviour = { number, _ in
            switch number {
            case 3: [.close]
            case 5: [.send("HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\nabc"), .close]
            case 7: [.send("nonsense\r\n")]
            case 9: [.send(response(201) + response(201))]
            default: [.send(response(409))]
            }
        }
        try await ScriptedServer.serving(behaviour) { server in
            let summary = try await run(server, requests: 60, connections: 3)
            #expect(summary.status == .failure)
            #expect(summary.tally.sent == 60)
            #expect(summary.tally.answered == 56)
            #expect(summary.tally.failed == 4)
            let kinds = Dictionary(uniqueKeysWithValues: summary.networkErrors.map { ($0.kind, $0.count) })
            #expect(kinds == [.closed: 1, .truncated: 1, .badResponse: 2])
        }
    }

    @Test func aServerThatNeverAnswersEndsTheRun() async throws {
        try await ScriptedServer.serving({ _, _ in [.close] }) { server in
            let summary = try await run(server, requests: 1000, connections: 3)
            #expect(summary.status == .failure)
            #expect(summary.tally.answered == 0)
            // Each place is given up after five connections without an answer.
            #expect(summary.tally.failed == 15)
            #expect(summary.unsent == 985)
        }
    }

    @Test func silenceIsATimeout() async throws {
        let behaviour: ScriptedServer.Behaviour = { number, _ in number == 0 ? [] : [.send(response(409))] }
        try await ScriptedServer.serving(behaviour) { server in
            let summary = try await run(server, requests: 10, connections: 2, timeout: 1)
            #expect(summary.networkErrors.map(\.kind) == [.timeout])
            #expect(summary.tally.answered == 9)
            #expect(summary.wallSeconds < 10)
        }
    }

    @Test func anInterruptEndsTheRunWithWhatItHas() async throws {
        let (interrupts, continuation) = AsyncStream.makeStream(of: Status.self)
        let behaviour: ScriptedServer.Behaviour = { number, _ in
            if number == 53 {
                // Nobody answers any more: only a second interrupt does not wait.
                continuation.yield(.interrupted)
                continuation.yield(.terminated)
            }
            return number < 50 ? [.send(response(409))] : []
        }
        try await ScriptedServer.serving(behaviour) { server in
            let summary = try await run(server, requests: 1_000_000, connections: 4, interrupts: interrupts)
            #expect(summary.status == .interrupted)
            #expect(summary.tally.answered == 50)
            #expect(summary.unanswered == 4)
            #expect(summary.unsent == 1_000_000 - 54)
            #expect(summary.tally.failed == 0)
        }
    }

    @Test func noServerIsOneSentence() async throws {
        let port = try await ScriptedServer.serving({ _, _ in [] }) { $0.port }
        var plan = LoadPlan(.megaload, target: LoadTarget(host: "127.0.0.1", port: port), runID: "test")
        plan.connections = 10
        let run = LoadRun(plan: plan, interrupts: AsyncStream { $0.finish() }) { _ in }
        let error = try await #require(throws: CommandFailure.self) { try await run.execute() }
        #expect(error.status == .unreachable)
        #expect(error.message.contains("127.0.0.1:\(port): connect_refused"))
        #expect(error.nextStep != nil)
    }

    @Test func anUnknownHostIsOneSentence() async throws {
        let plan = LoadPlan(.megaload, target: LoadTarget(host: "no-such-host.invalid", port: 1), runID: "test")
        let run = LoadRun(plan: plan, interrupts: AsyncStream { $0.finish() }) { _ in }
        let error = try await #require(throws: CommandFailure.self) { try await run.execute() }
        #expect(error.status == .unreachable)
        #expect(error.message.contains("no-such-host.invalid"))
    }

    @Test func progressComesOnceASecond() async throws {
        let intervals = Mutex<[LoadInterval]>([])
        let behaviour: ScriptedServer.Behaviour = { _, _ in [.pause(.milliseconds(50)), .send(response(409))] }
        try await ScriptedServer.serving(behaviour) { server in
            var plan = LoadPlan(.megaload, target: LoadTarget(host: "127.0.0.1", port: server.port), runID: "test")
            plan.requests = 50
            plan.connections = 1
            let run = LoadRun(plan: plan, interrupts: AsyncStream { $0.finish() }) { interval in
                intervals.withLock { $0.append(interval) }
            }
            let summary = try await run.execute()
            #expect(summary.tally.answered == 50)
        }
        let seen = intervals.withLock { $0 }
        // The last one is shorter, and comes when all is over.
        #expect(seen.count >= 3)
        #expect(seen.reduce(0) { $0 + $1.completed } == 50)
        #expect(seen.reduce(0) { $0 + $1.sent } == 50)
        #expect(seen.allSatisfy { $0.outcomes[.soldOut, default: 0] == $0.completed && $0.targetRate == nil })
        let latencies = seen.compactMap { $0.latencies[.soldOut] }
        #expect(latencies.reduce(0) { $0 + $1.totalCount } == 50)
        #expect(latencies.allSatisfy { $0.valueAtPercentile(50) > 40_000_000 })
        for (before, after) in zip(seen, seen.dropFirst()) {
            #expect(abs(before.start + before.length - after.start) < 0.001)
        }
    }
}
