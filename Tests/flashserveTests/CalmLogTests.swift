import FlashSaleKit
import Logging
import Synchronization
import Testing

@testable import flashserve

/// One cause, one line every ten seconds.
@Suite struct CalmLogTests {
    private let recorder = LineRecorder()
    private let clock = Shared(ContinuousClock.now)
    private let logger: Logger

    init() {
        let (recorder, clock) = (recorder, clock)
        logger = Logger(label: "test") { _ in CalmLogHandler(recorder.handler, now: { clock.value }) }
    }

    @Test("repetitions are counted, and the count is in the next line")
    func repetitionsAreCounted() {
        for round in 0..<40 {
            logger.warning("drain interrupted", metadata: ["stream": "ledger", "reason": "no answer in \(round) ms"])
            clock.value += .milliseconds(300)
        }
        #expect(recorder.lines.map { $0.metadata["repeated"] } == [nil, "33"])
        #expect(recorder.lines.map { $0.metadata["stream"] } == ["ledger", "ledger"])
        clock.value += .seconds(10)
        logger.warning("drain interrupted", metadata: ["stream": "ledger", "reason": "no answer in 1 ms"])
        #expect(recorder.lines.last?.metadata["repeated"] == "5")
    }

    @Test("another level, reason, stream or sale is another cause")
    func causesAreToldApart() {
        for _ in 0..<3 {
            logger.warning("a", metadata: ["stream": "ledger"])
            logger.warning("a", metadata: ["stream": "attempts"])
            logger.error("a", metadata: ["stream": "ledger"])
            logger.error("a", metadata: ["sale": "1", "reason": "full"])
            logger.error("a", metadata: ["sale": "2", "reason": "full"])
            logger.error("a", metadata: ["sale": "2", "reason": "empty"])
        }
        #expect(recorder.lines.count == 6)
    }

    @Test("news are never kept back")
    func newsPass() {
        for _ in 0..<3 { logger.notice("redis answers again") }
        #expect(recorder.lines.count == 3)
    }

    @Test("however many causes there are, the memory is bounded and the newest ones are calm")
    func memoryIsBounded() {
        let many = CalmLogHandler.Memory.limit + 10
        for sale in 0..<many {
            logger.error("a", metadata: ["sale": "\(sale)"])
            clock.value += .milliseconds(1)
        }
        logger.error("a", metadata: ["sale": "\(many - 1)"])
        #expect(recorder.lines.count == many)
        logger.error("a", metadata: ["sale": "0"])
        #expect(recorder.lines.count == many + 1, "the oldest was forgotten")
    }

    @Test("Postgres away: a line about each cause, not one for each try")
    func outageOfPostgres() async throws {
        try await LocalStack.withTemporary { stack in
            try await TestServer.seed(stack, TestServer.terms())
            let server = try await TestServer.start(on: stack, logger: recorder.logger)
            try await stack.stopPostgres()
            let started = ContinuousClock.now
            try await until(true) {
                Set(recorder.lines.filter { $0.message == "drain interrupted" }.map { $0.metadata["stream"] }).count
                    == 2
            }
            try await Task.sleep(for: .seconds(2))
            let intervals = Int((ContinuousClock.now - started) / CalmLogHandler.interval) + 1
            let lines = recorder.lines.filter { $0.level >= .warning }
            for (cause, found) in Dictionary(grouping: lines, by: { "\($0.message) \($0.metadata)" }) {
                #expect(found.count <= intervals, "\(cause)")
            }
            try await stack.startPostgres()
            try await server.stop()
        }
    }
}
