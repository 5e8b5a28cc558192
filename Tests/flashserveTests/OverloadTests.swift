import Foundation
import Testing

@testable import flashserve

@Suite(.serialized) struct OverloadTests {
    @Test("over its limit the queue refuses before anything is decided, and drops nothing silently")
    func theQueueHasALimit() async throws {
        try await TestServer.with(TestServer.terms(stock: 50_000)) { server in
            let perConnection = Limits.pipelinedRequests
            let connections = Limits.waitingAttempts / perConnection + 60
            var clients: [HTTPTestClient] = []
            try await server.stack.pauseRedis()
            // Redis decides nothing now: two batches are in flight, the rest waits until the queue is full.
            for index in 0..<connections {
                // Connected one by one: a busy machine may need longer for all than the limit for a first byte.
                let client = try await server.connect()
                clients.append(client)
                let requests = (0..<perConnection).map {
                    "POST /checkout?user_id=u\(index)-\($0)&id=1 HTTP/1.1\r\n\r\n"
                }
                try await client.send(requests.joined())
            }
            var answers: [String: Int] = [:]
            for client in clients {
                for _ in 0..<perConnection {
                    let answer = try #require(await client.receive())
                    answers[answer.status == 503 ? try answer.error ?? "" : "\(answer.status)", default: 0] += 1
                }
            }
            server.stack.resumeRedis()
            #expect(answers.values.reduce(0, +) == connections * perConnection, "every request is answered")
            #expect(Set(answers.keys) == ["overloaded", "unavailable"], "\(answers)")
            #expect(answers["overloaded"] ?? 0 > 0)
            // Only what was in flight may have been decided, by a Redis that went on after its answer was given up.
            try await Task.sleep(for: .seconds(1))
            let decided = try await server.sql("select count(*)::text from attempts").first?.first ?? nil
            #expect(Int(decided ?? "") ?? .max <= Limits.batch * Limits.batchesInFlight)
        }
    }
}
