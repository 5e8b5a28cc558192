import Foundation
import Testing

@testable import flashserve

@Suite(.serialized) struct OverloadTests {
    @Test("over its limit the queue refuses before anything is decided, and drops nothing silently")
    func theQueueHasALimit() async throws {
        let limit = 256
        let configure: @Sendable (inout ServerOptions) -> Void = {
            $0.waitingAttempts = limit
            // It is full before Redis is given up, however busy the machine is.
            $0.times = ServerTimes()
            $0.times.redis.commandTimeout = .seconds(5)
            $0.times.queue = .seconds(5)
            $0.times.answer = .seconds(6)
        }
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
            #expect(Set(answers.keys) == ["overloaded", "outcome_unknown"], "\(answers)")
            #expect(answers["overloaded"] ?? 0 > 0)
            // Only what was in flight may have been decided, by a Redis that went on after its answer was given up.
            try await Task.sleep(for: .seconds(1))
            let decided = try await server.sql("select count(*)::text from attempts").first?.first ?? nil
            #expect(Int(decided ?? "") ?? .max <= Limits.batch * Limits.batchesInFlight)
        }
    }

    @Test("who has waited for a slow Redis for too long is refused and never sent")
    func waitingHasALimit() async throws {
        let configure: @Sendable (inout ServerOptions) -> Void = { $0.times = ServerTimes() }
        try await MeasuredServer.with(TestServer.terms(stock: 1000), configure: configure) { measured in
            let server = measured.server
            var clients: [HTTPTestClient] = []
            for _ in 0..<12 { clients.append(try await server.connect()) }
            try await server.stack.pauseRedis()
            // The first two are in flight, one batch each; the others wait for one of them to come back.
            for (index, client) in clients.enumerated() {
                try await client.send("POST /checkout?user_id=u\(index)&id=1 HTTP/1.1\r\n\r\n")
                if index < 2 {
                    try await until(Double(index + 1)) { try await measured.scrape()["flashctl_requests_in_flight"] }
                }
            }
            try await Task.sleep(for: .milliseconds(1100))
            server.stack.resumeRedis()
            for (index, client) in clients.enumerated() where index >= 2 {
                let answer = try #require(await client.receive())
                #expect(answer.status == 503, "u\(index)")
                #expect(answer.headers["retry-after"] != nil)
            }
            // Redis is quick again, and so is the next answer.
            let next = try await server.connect()
            try await until(201) { try await next.checkout("v\(Int.random(in: 0..<9_999))").status }
            try await server.eventually("select count(*) > 0 from attempts where user_id like 'v%'", is: "t")
            let sent = "select count(*) from attempts where user_id like 'u%' and user_id not in ('u0', 'u1')"
            #expect(try await server.sql(sent) == [["0"]])
        }
    }
}
