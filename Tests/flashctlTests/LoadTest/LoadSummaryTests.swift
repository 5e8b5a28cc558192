import FlashSaleKit
import Testing

@testable import flashctl

/// What a load test reports, from counts that are known exactly.
@Suite struct LoadSummaryTests {
    private func summary(
        requests: Int = 10,
        interruptedBy: Status? = nil,
        _ fill: (inout LoadTally) -> Void
    ) -> LoadSummary {
        var plan = LoadPlan(.megaload, target: LoadTarget(host: "localhost", port: 80), runID: "run")
        plan.requests = requests
        var tally = LoadTally()
        tally.firstSentAt = 1_000_000_000
        tally.lastAnsweredAt = 3_000_000_000
        fill(&tally)
        return LoadSummary(
            plan: plan,
            tally: tally,
            startedAt: Timestamp(seconds: 1_763_805_600),
            wallSeconds: 2.5,
            processorSeconds: 2,
            interruptedBy: interruptedBy
        )
    }

    private func record(_ status: Int, _ count: Int, code: String? = nil, into tally: inout LoadTally) {
        for _ in 0..<count {
            tally.sent += 1
            tally.record(status: status, nanoseconds: 2_000_000)
            if let code { tally.recordRefusal(status: status, body: Array("{\"error\":\"\(code)\"}".utf8)) }
        }
    }

    @Test func theReportReadsWell() throws {
        let summary = summary { tally in
            record(201, 4, into: &tally)
            record(409, 5, code: "sold_out", into: &tally)
            record(429, 1, code: "user_limit", into: &tally)
        }
        let collected = CollectingSink()
        try collected.environment().output(.table, color: .never).write(summary)
        #expect(
            collected.data == """
                preset      megaload
                model       closed: each of 2,000 connections waits for its answer
                target      http://localhost:80
                run id      run, seed 0
                requests    10 scheduled, 10 sent, 10 answered, 0 unsent, 0 timed out
                time        2.00 s of load, 2.50 s in all
                throughput  5 answers/s, refusals included
                generator   0.80 processors busy, 0 % of its threads

                result               count  per second      p50      p99
                -------------------  -----  ----------  -------  -------
                committed purchases      0           0        -        -
                accepted checkouts       4           2  2.00 ms  2.00 ms
                refusals                 6           3  2.00 ms  2.00 ms

                answers to checkouts
                status  error       count
                ------  ----------  -----
                   201  -               4
                   409  sold_out        5
                   429  user_limit      1

                latency by outcome
                outcome         p50      p90      p99    p99.9      max
                ----------  -------  -------  -------  -------  -------
                held        2.00 ms  2.00 ms  2.00 ms  2.00 ms  2.00 ms
                sold_out    2.00 ms  2.00 ms  2.00 ms  2.00 ms  2.00 ms
                user_limit  2.00 ms  2.00 ms  2.00 ms  2.00 ms  2.00 ms

                ok: every request was answered, none with a server error

                """
        )
    }

    @Test func onlyACleanRunIsASuccess() {
        #expect(summary { record(409, 10, into: &$0) }.status == .success)
        #expect(summary { record(500, 10, into: &$0) }.status == .failure)
        #expect(summary { record(409, 9, into: &$0) }.status == .failure, "one was not sent")
        let unanswered = summary { tally in
            record(409, 9, into: &tally)
            tally.sent += 1
        }
        #expect(unanswered.status == .failure)
        #expect(unanswered.unanswered == 1)
        let reconnected = summary { tally in
            record(409, 10, into: &tally)
            tally.recordConnectFailure(.connectTimeout)
        }
        #expect(reconnected.status == .failure)
        #expect(summary(interruptedBy: .terminated) { record(409, 10, into: &$0) }.status == .terminated)
    }

    @Test func errorsAreNamed() {
        let summary = summary { tally in
            record(503, 2, code: "overloaded", into: &tally)
            record(503, 1, into: &tally)
            tally.sent += 3
            tally.recordFailure(.reset)
            tally.recordFailure(.reset)
            tally.recordFailure(.timeout)
            tally.recordConnectFailure(.connectRefused)
        }
        #expect(summary.serverErrors == 3)
        #expect(summary.unsent == 4)
        #expect(summary.answers.map(\.code) == ["overloaded", nil])
        #expect(summary.answers.map(\.count) == [2, 1])
        #expect(summary.networkErrors.map(\.kind.name) == ["connect_refused", "reset", "timeout"])
        #expect(summary.networkErrors.map(\.count) == [1, 2, 1])
        let text = summary.sections.map { $0.text(width: nil, color: false) }.joined(separator: "\n")
        #expect(text.contains("failed: 3 server errors, 4 network errors, 4 requests not sent"))
        #expect(text.contains("network errors\nkind             count"))
    }

    @Test func nothingAnsweredHasNoRates() {
        let summary = summary { tally in
            tally.firstSentAt = 0
            tally.lastAnsweredAt = 0
        }
        #expect(summary.loadSeconds == 0)
        #expect(summary.perSecond(5) == 0)
        #expect(summary.latencies.isEmpty)
        #expect(summary.answers.isEmpty)
    }

    @Test func programsGetEveryNumber() throws {
        let summary = summary { tally in
            record(201, 4, into: &tally)
            record(409, 6, code: "sold_out", into: &tally)
        }
        let text = JSONText.line(summary.data)
        #expect(try json(text, "started_at") as? String == "2025-11-22T10:00:00.000Z")
        #expect(try json(text, "answers_per_second") as? Double == 5)
        #expect(try json(text, "accepted", "per_second") as? Double == 2)
        #expect(try json(text, "refused", "per_second") as? Double == 3)
        #expect(try json(text, "unsent") as? Int == 0)
        #expect(try json(text, "interrupted") as? Bool == false)
        #expect(try json(text, "generator", "processors") as? Double == 0.8)
    }

    @Test func everyKindOfNetworkErrorHasItsName() {
        let names = NetworkErrorKind.allCases.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0.isLowercase || $0 == "_" } })
    }
}
