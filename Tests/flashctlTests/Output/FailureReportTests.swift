import ArgumentParser
import FlashSaleKit
import Testing

@testable import flashctl

@Suite struct FailureReportTests {
    @Test func everyStatusHasTheNumberOfTheDesign() {
        let numbers = Status.allCases.map(\.rawValue)
        #expect(numbers == [0, 1, 2, 64, 65, 69, 75, 77, 78, 97, 98, 99, 130, 141, 143])
    }

    @Test(arguments: [
        (RedisError.Code.badEndpoint, Status.badConfiguration),
        (.connectFailed, .unreachable), (.timeout, .unreachable), (.closed, .unreachable),
        (.authentication, .notAuthorised), (.server("NOPERM"), .notAuthorised),
        (.server("LOADING"), .tryLater), (.server("OOM"), .failure), (.noScript, .failure),
    ])
    func redisErrorsHaveAStatus(code: RedisError.Code, status: Status) throws {
        let error = RedisError(code, "it failed", nextStep: "do this", underlying: CancellationError())
        #expect(FailureReport.status(for: error) == status)
        let failure = try #require(FailureReport.failure(for: error))
        #expect(failure.message == "it failed: CancellationError()")
        #expect(failure.nextStep == "do this")
    }

    @Test func silentEndsSayNothing() {
        #expect(FailureReport.failure(for: SilentExit(.failure)) == nil)
        #expect(FailureReport.status(for: SilentExit(.thresholdFailed)) == .thresholdFailed)
        #expect(FailureReport.failure(for: OutputClosed()) == nil)
        #expect(FailureReport.status(for: OutputClosed()) == .brokenPipe)
    }

    @Test func anUnknownErrorIsAFailureWithItsText() throws {
        struct Odd: Error, CustomStringConvertible { var description: String { "odd thing" } }
        #expect(FailureReport.status(for: Odd()) == .failure)
        #expect(try #require(FailureReport.failure(for: Odd())).message == "odd thing")
        #expect(FailureReport.status(for: CancellationError()) == .interrupted)
    }

    @Test func wrongArgumentsBelongToTheParser() throws {
        let error = try #require(throws: (any Error).self) { try Flashctl.parseAsRoot(["loadtest", "--nonsense"]) }
        #expect(!FailureReport.isOurs(error))
        #expect(FailureReport.isOurs(CommandFailure(.failure, "x")))
        #expect(FailureReport.isOurs(SilentExit(.failure)))
    }
}
