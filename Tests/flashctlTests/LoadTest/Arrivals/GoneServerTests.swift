import Synchronization
import Testing

@testable import flashctl

/// A server that goes away in the middle of an open load, and does not come back.
@Suite struct GoneServerTests {
    private func plan(_ server: ScriptedServer) -> LoadPlan {
        var plan = LoadPlan(.megaload, target: LoadTarget(host: "127.0.0.1", port: server.port), runID: "test")
        plan.requests = LoadPlan.mostRequests
        plan.connections = 50
        plan.timeoutSeconds = 1
        plan.model = .open(LoadCurve(rate: 100, seconds: 2), .constant)
        plan.flows = [LoadFlow(name: "all", winners: .habits(LoadFlow.Habits(pay: 100, think: 1000...1500)))]
        return plan
    }

    @Test(.timeLimit(.minutes(20))) func theRunEndsAndDoesNotHammer() async throws {
        let answers = Mutex(0)
        let behaviour: ScriptedServer.Behaviour = { number, _ in
            let count = answers.withLock { answers in
                answers += 1
                return answers
            }
            return count < 50 ? [.send(response(201, "{\"code\":\"1-CODE\(number)\",\"sale_id\":1}"))] : [.leave]
        }
        // The server leaves after half a second, and every code is still to be paid for.
        let summary = try await ScriptedServer.serving(behaviour) { server in
            try await LoadRun(plan: plan(server), interrupts: AsyncStream { $0.finish() }) { _ in }.execute()
        }
        #expect(summary.purchases == 0 && summary.purchasing.unsent + summary.purchasing.tally.requests.failed > 0)
        #expect(!summary.isClean)
        let refused = summary.networkErrors.first { $0.kind == .connectRefused }?.count ?? 0
        #expect(refused > 0 && refused < 200, "\(refused) attempts in two seconds at 50 places")
    }
}
