import Foundation
import Synchronization
import Testing

@testable import flashctl

/// The open model against a server on a real socket. Nothing here asks how fast this machine is: a busy one makes
/// latencies longer, never shorter.
@Suite(.serialized) struct OpenRunTests {
    private func plan(_ server: ScriptedServer, _ curve: LoadCurve, connections: Int = 50) -> LoadPlan {
        var plan = LoadPlan(.megaload, target: LoadTarget(host: "127.0.0.1", port: server.port), runID: "test")
        plan.requests = LoadPlan.mostRequests
        plan.connections = connections
        plan.model = .open(curve, .constant)
        return plan
    }

    private func run(
        _ plan: LoadPlan,
        interrupts: AsyncStream<Status> = AsyncStream { $0.finish() },
        _ interval: @escaping @Sendable (LoadInterval) -> Void = { _ in }
    ) async throws -> LoadSummary {
        try await LoadRun(plan: plan, interrupts: interrupts, interval: interval).execute()
    }

    private func p99(_ summary: LoadSummary) throws -> UInt64 {
        try #require(summary.times.latency(of: LoadOutcome.allCases)).valueAtPercentile(99)
    }

    /// Answers at once, but for a tenth of the time not at all.
    private static func stalling(_ seconds: Double, of period: Double) -> ScriptedServer.Behaviour {
        let began = ContinuousClock.now
        return { _, _ in
            let passed = (ContinuousClock.now - began) / .seconds(1)
            let phase = passed.truncatingRemainder(dividingBy: period)
            let rest = phase - (period - seconds)
            return rest < 0
                ? [.send(response(409))] : [.pause(.nanoseconds(Int64((seconds - rest) * 1e9))), .send(response(409))]
        }
    }

    @Test func aStallIsInTheLatencyOfAllThatShouldHaveBeenSent() async throws {
        let open = try await ScriptedServer.serving(OpenRunTests.stalling(1, of: 10)) { server in
            try await run(plan(server, LoadCurve(rate: 1000, seconds: 10)))
        }
        #expect(open.timing.scheduled == 10_000)
        #expect(open.tally.answered == 10_000)
        #expect(open.unsent == 0)
        // A tenth of the requests meets the stall of 1 s, each somewhere in it: one of a hundred waits 0.9 s and more.
        #expect(try p99(open) > 850_000_000)
        // The same server under a closed load: nobody sends while it stands, and only a handful ever notice.
        let closed = try await ScriptedServer.serving(OpenRunTests.stalling(1, of: 10)) { server in
            var plan = plan(server, LoadCurve(rate: 1, seconds: 1), connections: 1)
            plan.model = .closed
            plan.durationSeconds = 11
            return try await run(plan)
        }
        #expect(closed.tally.answered > 150)
        #expect(closed.unsent == 0)
        #expect(try p99(closed) < (try p99(open)) / 2)
    }

    @Test func pollingSendsTheSameAndIsNoWork() async throws {
        try await ScriptedServer.serving({ _, _ in [.send(response(409))] }) { server in
            var plan = plan(server, LoadCurve(rate: 100, seconds: 2))
            plan.busyPoll = true
            let summary = try await run(plan)
            #expect(summary.tally.answered == 200 && summary.unsent == 0 && summary.timing.scheduled == 200)
            // The thread never slept; what it did besides looking is little.
            #expect(summary.busyShare < 0.5, "\(summary.busyShare)")
        }
    }

    @Test func waitingForAConnectionIsLatencyButNoServiceTime() async throws {
        let behaviour: ScriptedServer.Behaviour = { _, _ in [.pause(.milliseconds(20)), .send(response(409))] }
        try await ScriptedServer.serving(behaviour) { server in
            // One connection answers 50 requests a second at most, and 100 a second should be sent.
            let summary = try await run(plan(server, LoadCurve(rate: 100, seconds: 2), connections: 1))
            #expect(summary.tally.answered == 200)
            let latency = try #require(summary.times.latency(.soldOut))
            let service = try #require(summary.times.service(.soldOut))
            #expect(latency.totalCount == 200 && service.totalCount == 200)
            // The last of them is sent two seconds late.
            #expect(latency.valueAtPercentile(100) > 1_800_000_000)
            #expect(latency.valueAtPercentile(50) > 2 * service.valueAtPercentile(50))
        }
    }

    @Test func connectionsAreOpenedAsTheyAreNeeded() async throws {
        try await ScriptedServer.serving({ _, _ in [.send(response(409, headers: "Connection: close\r\n")), .close] }) {
            server in
            let summary = try await run(plan(server, LoadCurve(rate: 50, seconds: 1), connections: 3))
            #expect(summary.tally.answered == 50)
            #expect(summary.networkErrors.isEmpty)
        }
    }

    @Test func theSameSeedSendsTheSameRequests() async throws {
        func lines(threads: Int) async throws -> Set<String> {
            try await ScriptedServer.serving({ _, _ in [.send(response(409))] }) { server in
                var plan = LoadPlan(.hour, target: LoadTarget(host: "127.0.0.1", port: server.port), runID: "test")
                plan.model = .open(LoadCurve(rate: 300, seconds: 1), .poisson)
                plan.start = .now
                plan.seed = 77
                plan.threads = threads
                plan.flows[0].repeatPercent = 0
                _ = try await run(plan)
                return Set(server.requestLines)
            }
        }
        let first = try await lines(threads: 1)
        #expect(first.count > 200)
        #expect(try await lines(threads: 2) == first)
    }

    @Test func whatIsWarmingUpIsInNoTotal() async throws {
        let intervals = Mutex<[LoadInterval]>([])
        try await ScriptedServer.serving({ _, _ in [.send(response(409))] }) { server in
            var plan = plan(server, LoadCurve(rate: 100, seconds: 3))
            plan.warmupSeconds = 1
            let summary = try await run(plan) { interval in intervals.withLock { $0.append(interval) } }
            #expect(server.requestLines.count == 300)
            #expect(summary.tally.answered == 200)
            #expect(summary.timing.scheduled == 200)
            #expect(summary.warm?.checkouts.answered == 100)
            #expect(summary.refused == 200)
        }
        let seen = intervals.withLock { $0 }
        #expect(seen.reduce(0) { $0 + $1.completed } == 300, "intervals show what was warming up")
        #expect(seen.first.map { $0.isWarmup == ($0.length < 2) } == true && seen.last?.isWarmup == false)
        #expect(seen.reduce(0) { $0 + $1.scheduled } == 300)
        #expect(seen.first?.targetRate == 100)
    }

    @Test func theFirstInterruptWaitsForAnswers() async throws {
        let (interrupts, continuation) = AsyncStream.makeStream(of: Status.self)
        let behaviour: ScriptedServer.Behaviour = { number, _ in
            if number == 20 { continuation.yield(.interrupted) }
            return [.pause(.milliseconds(300)), .send(response(409))]
        }
        try await ScriptedServer.serving(behaviour) { server in
            let summary = try await run(plan(server, LoadCurve(rate: 100, seconds: 60)), interrupts: interrupts)
            #expect(summary.status == .interrupted)
            #expect(summary.unanswered == 0)
            #expect(summary.tally.answered == summary.tally.sent)
            #expect(summary.tally.answered >= 21 && summary.tally.answered < 6000)
        }
    }

    @Test func aServerThatIsGoneLeavesRequestsUnsent() async throws {
        let behaviour: ScriptedServer.Behaviour = { _, _ in [.close] }
        try await ScriptedServer.serving(behaviour) { server in
            var plan = plan(server, LoadCurve(rate: 40, seconds: 1), connections: 2)
            plan.timeoutSeconds = 2
            let summary = try await run(plan)
            #expect(summary.tally.answered == 0)
            #expect(summary.tally.sent + summary.unsent == 40, "every request is in one of the counts")
            #expect(summary.tally.failed == summary.tally.sent)
            #expect([.failure, .invalidLoadTest].contains(summary.status))
        }
    }

    @Test func codesAreHandedToTheVisitorsWhoPurchase() async throws {
        let behaviour: ScriptedServer.Behaviour = { number, request in
            if request.hasPrefix("POST /purchase?code=1-CODE") { return [.send(response(200, "{\"unit\":1}"))] }
            if request.hasPrefix("POST /purchase") { return [.send(response(404, "{\"error\":\"unknown_code\"}"))] }
            if request.contains("user_id=test-n") { return [.send(response(201, "{\"code\":\"1-CODE\(number)\"}"))] }
            return [.send(response(400, "{\"error\":\"bad_request\"}"))]
        }
        try await ScriptedServer.serving(behaviour) { server in
            var plan = LoadPlan(.k6, target: LoadTarget(host: "127.0.0.1", port: server.port), runID: "test")
            plan.model = .open(LoadCurve(rate: 300, seconds: 2), .constant)
            for index in plan.flows.indices { plan.flows[index].startsAfter = 0 }
            let summary = try await run(plan)
            #expect(summary.allAnswers == 600)
            #expect(summary.purchases > 20)
            #expect(summary.purchasing.addsUp)
            #expect(summary.purchases + summary.guesses.answered > 30)
            #expect(summary.times.count(.badRequest) > 30)
            #expect(summary.strangeAnswers == 0)
        }
    }

    @Test func winnersPayLaterGiveBackAndAskTwice() async throws {
        let keys = Mutex<[String: Int]>([:])
        let behaviour: ScriptedServer.Behaviour = { number, request in
            if request.hasPrefix("POST /purchase") { return [.send(response(200, "{\"unit\":1}"))] }
            if request.hasPrefix("DELETE") { return [.send(response(200))] }
            if let key = request.split(separator: "\r\n").first(where: { $0.hasPrefix("Idempotency-Key: ") }) {
                keys.withLock { $0["\(key)", default: 0] += 1 }
            }
            return [.send(response(201, "{\"code\":\"1-CODE\(number)\"}"))]
        }
        try await ScriptedServer.serving(behaviour) { server in
            var plan = plan(server, LoadCurve(rate: 200, seconds: 1))
            let habits = LoadFlow.Habits(pay: 50, payLate: 0, giveBack: 30, think: 10...200)
            plan.flows = [LoadFlow(name: "all", winners: .habits(habits), repeatPercent: 20)]
            let summary = try await run(plan)
            #expect(summary.purchases > 50 && summary.purchases == summary.purchasing.scheduled)
            #expect(summary.releases.count([200]) > 20)
            #expect(summary.purchasing.codes == 200)
            let asked = keys.withLock { $0 }
            #expect(asked.count > 10 && asked.values.allSatisfy { $0 == 2 })
            #expect(summary.tally.sent == 200 + UInt64(asked.count))
        }
    }
}
