import Foundation
import Synchronization
import Testing

@testable import flashctl

/// Purchases of the generator against a server whose answers the test chooses.
@Suite struct PurchaseRunTests {
    private func run(
        _ server: ScriptedServer,
        requests: Int,
        connections: Int = 4,
        threads: Int = 1,
        percent: Int = 100,
        capacity: Int = PurchasePool.defaultCapacity,
        interrupts: AsyncStream<Status> = AsyncStream { $0.finish() }
    ) async throws -> LoadSummary {
        var plan = LoadPlan(.megaload, target: LoadTarget(host: "127.0.0.1", port: server.port), runID: "test")
        plan.requests = requests
        plan.connections = connections
        plan.threads = threads
        plan.purchasePercent = percent
        var run = LoadRun(plan: plan, interrupts: interrupts) { _ in }
        run.poolCapacity = capacity
        let summary = try await run.execute()
        #expect(summary.purchasing.addsUp)
        let tally = summary.purchasing.tally
        #expect(tally.requests.sent == summary.purchasing.scheduled - summary.purchasing.unsent + tally.askedAgain)
        #expect(tally.requests.times.seen.reduce(0) { $0 + tally.requests.times.count($1) } == tally.requests.completed)
        return summary
    }

    private static func isPurchase(_ request: String) -> Bool { request.hasPrefix("POST /purchase?code=") }

    private static func code(_ number: Int) -> String {
        response(201, "{\"code\":\"1-CODE\(number)\",\"sale_id\":1}")
    }

    private static func purchased(_ headers: String = "") -> String {
        response(200, "{\"status\":\"success\"}", headers: headers)
    }

    @Test(arguments: [1, 2]) func everyCodeIsPaidForOnceByWhoeverIsFree(threads: Int) async throws {
        // The connection that gets a code is closed: only others can pay with it.
        let behaviour: ScriptedServer.Behaviour = { number, request in
            if PurchaseRunTests.isPurchase(request) { return [.send(PurchaseRunTests.purchased())] }
            let answer = PurchaseRunTests.code(number)
            return [.send(answer.replacing("Content-Length", with: "Connection: close\r\nContent-Length")), .close]
        }
        try await ScriptedServer.serving(behaviour) { server in
            let summary = try await run(server, requests: 60, connections: 4, threads: threads)
            #expect(summary.status == .success)
            #expect(summary.accepted == 60)
            #expect(summary.purchases == 60)
            let paid = server.requestLines.filter(PurchaseRunTests.isPurchase)
            #expect(paid.count == 60)
            #expect(Set(paid).count == 60)
            #expect(paid.allSatisfy { $0.hasPrefix("POST /purchase?code=1-CODE") && $0.hasSuffix(" HTTP/1.1") })
        }
    }

    @Test func aPendingPurchaseIsAskedAgainAndCountsOnce() async throws {
        let asked = Mutex<[String: Int]>([:])
        let behaviour: ScriptedServer.Behaviour = { number, request in
            guard PurchaseRunTests.isPurchase(request) else { return [.send(PurchaseRunTests.code(number))] }
            let line = String(request.prefix { $0 != "\r\n" })
            let times = asked.withLock { asked in
                asked[line, default: 0] += 1
                return asked[line] ?? 0
            }
            guard times > 2 else { return [.send(response(202, "{}", headers: "Retry-After: 0\r\n"))] }
            return [.send(PurchaseRunTests.purchased("Idempotent-Replayed: true\r\n"))]
        }
        // One code in the pool at a time: checkouts wait, and nothing is lost.
        for capacity in [PurchasePool.defaultCapacity, 1] {
            asked.withLock { $0 = [:] }
            try await ScriptedServer.serving(behaviour) { server in
                let summary = try await run(server, requests: 6, connections: 2, capacity: capacity)
                #expect(summary.status == .success)
                #expect(summary.purchases == 6)
                let tally = summary.purchasing.tally
                #expect(tally.requests.count([202]) == 12)
                #expect(tally.askedAgain == 12)
                #expect(tally.replayed == 6)
                #expect(tally.foreign == 0)
                // Each 202 costs a wait of 100 ms at least, which the buyer feels.
                #expect(try #require(tally.untilCommitted).valueAtPercentile(0) >= 199_000_000)
            }
        }
    }

    @Test func aPurchaseThatStaysPendingIsGivenUpAndSaysSo() async throws {
        let behaviour: ScriptedServer.Behaviour = { number, request in
            let pending = response(202, "{}", headers: "Retry-After: 0\r\n")
            return [.send(PurchaseRunTests.isPurchase(request) ? pending : PurchaseRunTests.code(number))]
        }
        try await ScriptedServer.serving(behaviour) { server in
            let summary = try await run(server, requests: 3)
            #expect(summary.status == .failure)
            #expect(summary.purchases == 0)
            #expect(summary.purchasing.pending == 3)
            #expect(summary.purchasing.tally.requests.sent == 3 * UInt64(LoadPlan.purchaseTries))
            #expect(summary.sections.last?.text(width: nil, color: false).contains("3 codes without") == true)
        }
    }

    @Test func onlyTwoHundredIsAPurchase() async throws {
        let purchases = Mutex(0)
        let behaviour: ScriptedServer.Behaviour = { number, request in
            guard PurchaseRunTests.isPurchase(request) else { return [.send(PurchaseRunTests.code(number))] }
            let count = purchases.withLock { count in
                count += 1
                return count
            }
            return switch count {
            case 1: [.send(response(404, "{\"error\":\"expired_code\"}"))]
            case 2: [.send(response(503, "{\"error\":\"paused\"}", headers: "Retry-After: 5\r\n"))]
            case 3: [.close]
            case 4: [.send(PurchaseRunTests.purchased("idempotent-replayed: TRUE\r\n"))]
            case 5: [.send(response(201, "{\"code\":\"1-X\"}"))]
            default: [.send(PurchaseRunTests.purchased())]
            }
        }
        try await ScriptedServer.serving(behaviour) { server in
            let summary = try await run(server, requests: 20, connections: 1)
            #expect(summary.status == .failure)
            #expect(summary.accepted == 20, "a 201 to a purchase is no checkout")
            #expect(summary.purchases == 15)
            #expect(summary.serverErrors == 1)
            #expect(summary.networkErrors.map(\.kind) == [.closed])
            let tally = summary.purchasing.tally
            #expect(tally.foreign == 1, "somebody else has bought with a code that this run got")
            #expect(tally.refused == 3)
            #expect(tally.requests.failed == 1)
            #expect(tally.requests.answers.map(\.code) == [nil, nil, "expired_code", "paused"])
            #expect(tally.requests.answers.map(\.count) == [16, 1, 1, 1])
            let facts = summary.purchaseFacts.map(\.value)
            #expect(facts.contains("0 pending, 3 refused, 1 bought by others, 1 lost, 0 unanswered, 0 never sent"))
            let record = summary.record(SampleLoad.provenance, LoadTimeline())
            #expect(record.purchases == summary.purchaseFacts && record.verdict.status == .failure)
            #expect(try json(JSONText.line(summary.data), "purchases", "count") as? Int == 15)
        }
    }

    @Test func slowPurchasesShowInTheirOwnLatency() async throws {
        let behaviour: ScriptedServer.Behaviour = { number, request in
            guard PurchaseRunTests.isPurchase(request) else { return [.send(PurchaseRunTests.code(number))] }
            return [.pause(.milliseconds(200)), .send(PurchaseRunTests.purchased())]
        }
        try await ScriptedServer.serving(behaviour) { server in
            let summary = try await run(server, requests: 4)
            let checkouts = try #require(summary.latencies.first { $0.outcome == .held }).histogram
            let purchases = try #require(summary.latencies.first { $0.outcome == .purchased }).histogram
            #expect(checkouts.totalCount == 4)
            // The fastest of them: a busy machine makes others slower.
            #expect(checkouts.valueAtPercentile(0) < 200_000_000)
            #expect(purchases.totalCount == 4)
            #expect(purchases.valueAtPercentile(0) >= 199_000_000)
            #expect(summary.purchaseFacts.contains { $0.name == "first try to 200" && $0.value.hasPrefix("p50 ") })
        }
    }

    @Test func anInterruptLeavesNoCodeUncounted() async throws {
        let (interrupts, continuation) = AsyncStream.makeStream(of: Status.self)
        let purchases = Mutex(0)
        let behaviour: ScriptedServer.Behaviour = { number, request in
            guard PurchaseRunTests.isPurchase(request) else { return [.send(PurchaseRunTests.code(number))] }
            let count = purchases.withLock { count in
                count += 1
                return count
            }
            switch count {
            case ...10: return [.send(PurchaseRunTests.purchased())]
            case 11: return [.send(response(202, "{}", headers: "Retry-After: 30\r\n"))]
            case 13:
                continuation.yield(.interrupted)
                continuation.yield(.interrupted)
            default: break
            }
            return []
        }
        try await ScriptedServer.serving(behaviour) { server in
            let summary = try await run(server, requests: 1000, connections: 2, interrupts: interrupts)
            #expect(summary.status == .interrupted)
            #expect(summary.purchases == 10)
            #expect(summary.purchasing.pending == 1)
            #expect(summary.purchasing.unanswered == 2)
            #expect(summary.tally.sent == summary.accepted)
            #expect(summary.unsent == 1000 - summary.accepted)
        }
    }

    @Test func acceptedCheckoutsWithoutACodeAreAFailure() async throws {
        try await ScriptedServer.serving({ _, _ in [.send(response(201, "{\"code\":\"a b\"}"))] }) { server in
            let summary = try await run(server, requests: 5)
            #expect(summary.status == .failure)
            #expect(summary.purchasing.tally.withoutCode == 5)
            #expect(summary.purchasing.codes == 0)
            #expect(server.requestLines.count == 5)
        }
    }

    @Test func aServerThatIsGoneLeavesItsCodesUnpaid() async throws {
        let behaviour: ScriptedServer.Behaviour = { number, request in
            PurchaseRunTests.isPurchase(request) ? [.close] : [.send(PurchaseRunTests.code(number))]
        }
        try await ScriptedServer.serving(behaviour) { server in
            let summary = try await run(server, requests: 5, connections: 2, threads: 2)
            #expect(summary.status == .failure)
            #expect(summary.purchases == 0)
            #expect(summary.purchasing.tally.requests.failed == 5)
            #expect(summary.networkErrors.map(\.kind) == [.closed])
        }
    }
}
