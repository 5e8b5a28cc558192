import Foundation
import Testing

@testable import flashserve

@Suite(.serialized) struct OverloadTests {
    @Test("over its limit the queue refuses before anything is decided, and drops nothing silently")
    func theQueueHasALimit() async throws {
        // A small one: it must be full before Redis is given up, however busy the machine is.
        let limit = 256
        let configure: @Sendable (inout ServerOptions) -> Void = { $0.waitingAttempts = limit }
        try await TestServer.with(TestServer.terms(stock: 50_000), configure: configure) { server in
            let perConnection = Limits.pipelinedRequests
            // Two batches that may be in flight, the queue, and some more.
            let connections = (2 * Limits.batch + limit) / perConnection + 10
            var clients: [HTTPTestClient] = []
            for _ in 0..<connections {
                let client = try await server.connect()
                // On a busy machine the others take longer to connect than a connection may be without its first byte.
                #expect(try await client.request("GET", "/livez").status == 200)
                clients.append(client)
            }
            try await server.stack.pauseRedis()
            // Redis decides nothing now: two batches are in flight, the rest waits until the queue is full.
            for (index, client) in clients.enumerated() {
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
