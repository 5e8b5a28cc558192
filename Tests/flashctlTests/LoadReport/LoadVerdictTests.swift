import Testing

@testable import flashctl

@Suite struct LoadVerdictTests {
    @Test func theWeightiestStatusStays() {
        var verdict = LoadVerdict()
        #expect(verdict.word == "OK" && verdict.text == "every check holds" && verdict.style == .green)
        verdict.add(.failure, "3 errors")
        #expect(verdict.status == .failure && verdict.word == "FAILED")
        verdict.add(.thresholdFailed, "too slow")
        #expect(verdict.status == .thresholdFailed && verdict.reasons == ["too slow", "3 errors"])
        verdict.add(.invalidLoadTest, "the generator was late")
        verdict.add(.thresholdFailed, "too few")
        #expect(verdict.status == .invalidLoadTest && verdict.word == "INVALID")
        #expect(verdict.reasons == ["the generator was late", "too slow", "3 errors", "too few"])
        verdict.add(.invariantViolated, "unit 7 twice")
        #expect(verdict.status == .invariantViolated && verdict.word == "PROMISE BROKEN")
        verdict.add(.interrupted, "Ctrl-C")
        #expect(verdict.status == .interrupted && verdict.style == .yellow && verdict.reasons[0] == "Ctrl-C")
        verdict.add(.success, "nothing")
        #expect(verdict.status == .interrupted)
    }

    @Test func everyOtherStatusIsAFailure() {
        var verdict = LoadVerdict()
        verdict.add(.unreachable, "gone")
        #expect(verdict.status == .unreachable && verdict.word == "FAILED")
        verdict.add(.failure, "errors")
        #expect(verdict.status == .failure)
    }
}
