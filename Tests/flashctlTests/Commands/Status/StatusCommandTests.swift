import FlashSaleKit
import Testing

@testable import flashctl

@Suite(.serialized) struct StatusCommandTests {
    @Test func withoutASaleItSaysHowToGetOne() async throws {
        try await CommandStack.with { stores in
            let outcome = try await stores.run(StatusCommand.self)
            #expect(outcome.status == .failure)
            #expect(outcome.data.isEmpty)
            #expect(outcome.failure?.message == "there is no sale")
            #expect(outcome.failure?.nextStep?.contains("rotate-hour") == true)
            let unknown = try await stores.run(StatusCommand.self, "--sale", "99")
            #expect(unknown.status == .failure)
            #expect(unknown.failure?.message == "there is no sale 99")
        }
    }

    @Test func theCurrentSaleIsShownInEveryFormat() async throws {
        try await CommandStack.with { stores in
            _ = try await stores.run(RotateHourCommand.self, "--hourly-stock", "1200")
            let text = try await stores.run(StatusCommand.self)
            #expect(text.status == .success)
            #expect(text.talk.isEmpty)
            #expect(text.data.contains("1,200 free + 0 held + 0 sold = 1,200"))
            #expect(text.data.contains("attempts   0: held 0, sold_out 0, user_limit 0, banned 0"))
            let data = try await stores.run(StatusCommand.self, "-o", "json").data
            #expect(try json(data, "sale", "stock") as? Int == 1200)
            #expect(try json(data, "phase") as? String == "selling")
            #expect(try json(data, "postgres", "outcomes", "sold_out") as? Int == 0)
            // Nobody drains here, so the entry of the opening waits.
            #expect(try json(data, "drained") as? Bool == false)
            let journal = try #require(try json(data, "journal") as? [[String: Any]])
            #expect(journal.map { $0["stream"] as? String } == ["ledger", "attempts"])
            #expect(try await stores.run(StatusCommand.self, "-o", "ndjson").data.split(separator: "\n").count == 1)
            #expect(try await stores.run(StatusCommand.self, "-o", "yaml").data.contains("phase: \"selling\""))
            let fast = try await stores.run(StatusCommand.self, "--fast", "-o", "json").data
            #expect(fast.contains("\"postgres\": null"))
            #expect(try json(data, "pace", "attempts_per_second") as? Double == 0)
            #expect(try json(data, "forecast", "outcome") as? String == "unknown")
            #expect(try json(data, "control", "checkout_paused") as? Bool == false)
            #expect(text.data.contains("forecast    no forecast: no attempt was made in the last minute"))
            #expect(text.data.contains("\n. 1,200 free") || text.data.contains("  . 1,200 free (100.0 %)"))
        }
    }

    @Test func attemptsAndSalesOfTheLastSecondsAreShown() async throws {
        try await ShopServer.with(stock: 100) { shop in
            let summary = try await shop.load(300, runID: "pace")
            #expect(summary.tally.answered == 300)
            let data = try await shop.stores.run(StatusCommand.self, "-o", "json").data
            let rate = try #require(try json(data, "pace", "outcomes_per_second", "sold_out") as? Double)
            #expect(rate > 0)
            #expect(try json(data, "forecast", "outcome") as? String == "sold_out")
            let text = try await shop.stores.run(StatusCommand.self).data
            #expect(text.contains("forecast    sold out\n"))
            #expect(text.contains("[" + String(repeating: "#", count: 58) + "]"))
        }
    }

    @Test func anEmptiedRedisShows() async throws {
        try await CommandStack.with { stores in
            _ = try await stores.run(RotateHourCommand.self)
            let outcome = try await BuiltBinary.script(
                "redis-cli -s '\(stores.stack.redisSocket)' flushall >/dev/null; "
                    + "\"$0\" status --redis '\(stores.stack.redisURL)' --postgres '\(stores.stack.postgresURL)'"
            )
            #expect(outcome.status == 0)
            #expect(outcome.output.contains("missing in Redis"))
        }
    }

    @Test func saleNumbersAreChecked() {
        #expect(throws: (any Error).self) { try StatusCommand.parse(["--sale", "x"]) }
        #expect(throws: (any Error).self) { try StatusCommand.parse(["--sale", "0"]) }
        #expect(throws: (any Error).self) { try StatusCommand.parse(["-o", "xml"]) }
    }
}

@Suite(.serialized) struct StatusReportTests {
    private func report(
        opens: Int64 = 0,
        closes: Int64 = 100,
        finished: Bool = false,
        epoch: Int64? = 1,
        fields: [String: String]? = ["state": "open"]
    ) throws -> StatusReport {
        let terms = SaleTerms(
            itemName: "Lamp",
            imageURL: "u",
            stock: 1,
            userLimit: 1,
            holdMilliseconds: 1000,
            opensAt: Timestamp(seconds: opens),
            closesAt: Timestamp(seconds: closes),
            hourly: true,
            test: false
        )
        let now = Timestamp(seconds: 50)
        let sale = Sale(id: try #require(SaleID(1)), terms: terms, epoch: epoch, finishedAt: finished ? now : nil)
        var backlog = SaleStanding.Backlog()
        backlog.waitingEntries = 3
        backlog.seconds = 12
        let streams = [StatusReport.Stream(name: "ledger", backlog: backlog)]
        let snapshot = try fields.map { fields in
            try SampleSale.snapshot(fields)
        }
        return StatusReport(sale: sale, now: now, snapshot: snapshot, record: nil, streams: streams)
    }

    @Test func eachPhaseHasItsWord() throws {
        #expect(try report().phase == "selling")
        #expect(try report(fields: ["state": "open", "checkout_paused": "1"]).phase == "paused")
        #expect(try report(fields: ["state": "recovering"]).phase == "recovering")
        #expect(try report(opens: 60).phase == "scheduled")
        #expect(try report(closes: 40).phase == "closed")
        #expect(try report(finished: true).phase == "finished")
        #expect(try report(epoch: nil, fields: nil).phase == "not opened")
        #expect(try report(fields: nil).phase == "missing in Redis")
    }

    @Test func aGapInTheLedgerSaysWhatToDo() throws {
        let gap = try report(fields: ["state": "open", "trimmed_to_ledger": "5-0"])
        #expect(gap.phase == "gap" && !gap.isSelling)
        #expect(gap.phaseCell.text.contains("run flashctl reconcile --plan --sale 1"))
        #expect(try report(fields: ["state": "open", "trimmed_to_attempts": "5-0"]).phase == "selling")
    }

    @Test func aLateDrainStandsOut() throws {
        let report = try report(fields: ["state": "open", "stock": "5", "free": "4"])
        #expect(!report.isDrained)
        let text = report.sections.map { $0.text(width: nil, color: true) }.joined()
        #expect(text.contains("\u{1B}[31m12.0 s behind"))
        #expect(text.contains("selling, 50s left"))
        // A unit is neither free nor held nor sold.
        #expect(text.contains("DAMAGED"))
    }
}
