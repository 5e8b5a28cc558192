import FlashSaleKit
import TestSupport
import Testing

@testable import flashserve

/// A network that forgets connections on which nothing is sent.
@Suite(.serialized) struct DroppedFlowTests {
    @Test("a lost connection to Redis is found, logged and replaced before the first buyer comes")
    func firstBuyerOfTheHour() async throws {
        try await LocalStack.withTemporary { stack in
            try await TestServer.seed(stack, TestServer.terms())
            let proxy = try FaultProxy(to: stack.redisSocket)
            defer { proxy.stop() }
            let recorder = LineRecorder()
            let server = try await TestServer.start(on: stack, eventLoops: 2, logger: recorder.logger) { options in
                options.redis = RedisEndpoint(target: .tcp(host: "127.0.0.1", port: proxy.port))
                // What is under way on a lost connection ends by the limit of its command.
                options.times.redis = RedisConnectionOptions()
            }
            let buyers = [try await server.connect(), try await server.connect(), try await server.connect()]
            for (index, buyer) in buyers.enumerated() {
                #expect(try await buyer.checkout("early\(index)").status == 201)
            }
            proxy.forgetConnections()
            try await until(true) { recorder.lines.contains { $0.message.contains("connection to Redis was lost") } }
            // Nobody buys meanwhile: the loops find it out by themselves, and all of them.
            try await until(true) { recorder.lines.contains { $0.message == "redis answers again" } }
            try await until("ok") { try await buyers[0].readyCheck("redis") }
            for (index, buyer) in buyers.enumerated() {
                try await until(201) { try await buyer.checkout("late\(index)-\(Int.random(in: 0..<9999))").status }
            }
            let line = try #require(recorder.lines.first { $0.message.contains("connection to Redis was lost") })
            #expect(line.metadata["reason"]?.contains("did not answer within 1000 ms") == true, "\(line)")
            #expect(try await server.snapshot().isConsistent)
            try await server.stop()
        }
    }
}
