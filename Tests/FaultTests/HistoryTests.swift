import Testing

@testable import faultsuite

@Suite struct HistoryTests {
    @Test func numbersCountFromOneAndEveryOperationKeepsItsOwn() {
        let history = History()
        let first = history.begin(.checkout, user: "a", server: 0)
        let second = history.begin(.purchase, user: "a", code: "1-A", server: 1)
        history.end(second) { $0.answer = .reply(200, error: nil) }
        #expect([first, second] == [1, 2])
        #expect(history.all.map(\.answer) == [nil, .reply(200, error: nil)])
        #expect(history.all[0].endedAt == .max)
        #expect(history.all[1].endedAt >= history.all[1].sentAt)
    }

    @Test(
        arguments: [
            (201, nil, "H"), (409, "sold_out", "S"), (429, "user_limit", "L"), (403, "banned", "B"),
            (503, "unavailable", nil), (400, "bad_request", nil),
        ] as [(Int, String?, String?)]
    )
    func onlyWhatWasDecidedIsADecision(_ status: Int, _ error: String?, _ letter: String?) {
        let history = History()
        let number = history.begin(.checkout, user: "a", server: 0)
        history.end(number) { $0.answer = .reply(status, error: error) }
        #expect(history.all[0].decision == letter)
    }

    /// A purchase that was under way when the fault ended says nothing about afterwards.
    @Test func recoveryNeedsADecisionAndAReceiptThatWereAskedForAfterwards() throws {
        let history = History()
        func answered(_ kind: faultsuite.Operation.Kind, _ status: Int) {
            history.end(history.begin(kind, user: "a", server: 0)) { $0.answer = .reply(status, error: nil) }
        }
        let early = history.begin(.purchase, user: "a", server: 0)
        let healed = History.now + 1
        while History.now <= healed {}
        history.end(early) { $0.answer = .reply(200, error: nil) }
        answered(.checkout, 503)
        answered(.purchase, 202)
        #expect(history.recovery(after: healed) == nil)
        answered(.checkout, 201)
        #expect(history.recovery(after: healed) == nil)
        answered(.purchase, 200)
        let recovery = try #require(history.recovery(after: healed))
        #expect(recovery == history.all[4].endedAt - healed)
    }

    /// What was cut off and asked again is no failed operation; a checkout without a key cannot be asked again.
    @Test func anOperationFailsWhenNoRepetitionIsAnswered() {
        let history = History()
        func asked(_ kind: faultsuite.Operation.Kind, _ code: String, _ key: String?, _ answer: Answer) -> Int {
            let number = history.begin(kind, user: "a", code: code, key: key, server: 0)
            history.end(number) { $0.answer = answer }
            return number
        }
        _ = asked(.purchase, "1-A", nil, .unknown)
        _ = asked(.purchase, "1-A", nil, .reply(200, error: nil))
        _ = asked(.checkout, "", "k", .unknown)
        _ = asked(.checkout, "", "k", .reply(409, error: "sold_out"))
        _ = asked(.guess, "1-X", nil, .unknown)
        _ = asked(.checkout, "", "refused", .refused)
        #expect(history.unanswered(since: 0).isEmpty)
        let failed = [
            asked(.purchase, "1-B", nil, .unknown), asked(.checkout, "", "l", .unknown),
            asked(.checkout, "", nil, .unknown),
        ]
        #expect(history.unanswered(since: 0).map(\.number) == failed)
        #expect(history.unanswered(since: .max).isEmpty)
    }

    /// Whoever must not use Redis refuses, and decides nothing any more.
    @Test func aServerSellsUntilItOnlyRefuses() {
        let history = History()
        func checkout(_ server: Int, _ status: Int) {
            let number = history.begin(.checkout, user: "a", server: server)
            history.end(number) { $0.answer = .reply(status, error: nil) }
        }
        let begins = History.now
        checkout(0, 201)
        checkout(1, 503)
        // Server 2 was not asked: nothing is known of it.
        #expect(history.selling(since: begins, servers: 3) == [0])
        #expect(history.answers(since: begins) == (decided: 1, refused: 1))
        // One or two refusals may have another reason; three in a row are its state.
        for _ in 0..<2 { checkout(0, 503) }
        #expect(history.selling(since: begins, servers: 3) == [0])
        checkout(0, 503)
        #expect(history.selling(since: begins, servers: 3) == [])
        checkout(0, 409)
        #expect(history.selling(since: begins, servers: 3) == [0])
        #expect(history.answers(since: .max) == (decided: 0, refused: 0))
        #expect(history.selling(since: .max, servers: 1) == [])
    }

    @Test func theSameSeedGivesTheSameNumbers() {
        var (first, same, other) = (SeededRandom(7, 1), SeededRandom(7, 1), SeededRandom(7, 2))
        let numbers = (0..<5).map { _ in first.next() }
        #expect(numbers == (0..<5).map { _ in same.next() })
        #expect(numbers != (0..<5).map { _ in other.next() })
        #expect((0..<1000).allSatisfy { _ in (3...9).contains(Int.random(in: 3...9, using: &first)) })
        #expect((0..<100).count { _ in first.chance(0) } == 0)
        #expect((0..<100).count { _ in first.chance(100) } == 100)
    }
}
