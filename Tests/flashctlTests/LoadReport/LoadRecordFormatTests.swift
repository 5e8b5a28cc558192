import Foundation
import TestSupport
import Testing

@testable import flashctl

/// The result of a load test in every format.
@Suite struct LoadRecordFormatTests {
    private func written(_ record: LoadRecord, _ format: String) throws -> String {
        let collected = CollectingSink()
        let options = try LoadOutputOptions.parse(["-o", format])
        try options.write(record, to: options.output(in: collected.environment()))
        return collected.data
    }

    /// What the validator says about a text; nothing when it fits.
    private func faults(_ json: String) async throws -> String {
        try await withFolder { folder in
            try write(json, to: folder + "/data.json")
            let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent()
            let outcome = try await BuiltBinary.script(
                "cd \"$ROOT\" && /usr/bin/python3 scripts/validate-json.py \"$SCHEMA\" <\"$DATA\"",
                environment: [
                    "SCHEMA": "docs/schemas/loadtest.schema.json", "ROOT": root.path, "DATA": folder + "/data.json",
                ]
            )
            return outcome.status == 0 ? "" : outcome.output + outcome.talk
        }
    }

    @Test func everyRecordFitsTheSchema() async throws {
        var compared = try SampleLoad.everything(seconds: 12)
        let baseline = try LoadBaseline(Data(JSONText.line(compared.data).utf8), path: "base.json")
        compared.compare(with: baseline, tolerances: LoadTolerance.usual)
        var bare = SampleLoad.record([])
        bare.provenance.seed = nil
        bare.provenance.processor = nil
        var unmeasured = SampleLoad.record([SampleLoad.second(0)])
        unmeasured.judge([try LoadThreshold(parsing: "purchase.p99>1ms", option: "--fail-if")])
        for record in [compared, bare, unmeasured] {
            let faults = try await faults(try written(record, "json"))
            #expect(faults.isEmpty, "\(faults)")
        }
    }

    @Test func theSchemaIsStrict() async throws {
        let text = try written(SampleLoad.record([SampleLoad.second(0)]), "json")
        #expect(try await !faults(text.replacing("\"sent\"", with: "\"posted\"")).isEmpty)
        #expect(try await !faults(text.replacing("\"schema_version\": 1", with: "\"schema_version\": 2")).isEmpty)
        #expect(try await !faults(text.replacing("\"exit_status\": 0", with: "\"exit_status\": 3")).isEmpty)
    }

    @Test func aLineOfNDJSONIsASecondAndTheLastOneTheRest() async throws {
        let record = try SampleLoad.everything(seconds: 6)
        let lines = try written(record, "ndjson").split(separator: "\n").map(String.init)
        #expect(lines.count == 7)
        for line in lines {
            let faults = try await faults(line)
            #expect(faults.isEmpty, "\(faults)")
        }
        #expect(try json(lines[5], "kind") as? String == "interval" && json(lines[5], "start") as? Double == 5)
        let last = try #require(lines.last)
        #expect(try json(last, "kind") as? String == "loadtest")
        #expect(try (json(last, "timeline") as? [Any])?.count == 0)
    }

    @Test func programsGetEveryNumber() throws {
        var record = SampleLoad.record((0..<4).map { SampleLoad.second($0, held: 60, soldOut: 39, errors: 1) })
        record.judge([try LoadThreshold(parsing: "errors>0", option: "--fail-if")])
        let text = try written(record, "json")
        #expect(try json(text, "verdict", "exit_status") as? Int == 99)
        #expect(try json(text, "verdict", "reasons") as? [String] == ["`errors>0`: it is 4"])
        #expect(try json(text, "totals", "seconds") as? Double == 4 && json(text, "totals", "sent") as? Int == 400)
        let metrics = try #require(try json(text, "metrics") as? [String: Any])
        #expect(metrics["held.rate"] as? Double == 60 && metrics["5xx.share"] as? Double == 1)
        #expect((metrics["checkout.p99"] as? Int).map { NumberText.latency(nanoseconds: UInt64($0)) } == "2.00 ms")
        #expect(metrics["purchase.p99"] == nil)
        #expect(try json(text, "provenance", "seed") as? String == "7")
    }

    @Test func csvHasARowForEachSecond() throws {
        let record = try SampleLoad.everything(seconds: 7)
        let lines = try written(record, "csv").split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 9 && lines.last == "")
        let names = lines[0].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        #expect(Set(names).count == names.count && names.contains("sold_out") && names.contains("p99.9_ns"))
        for (line, point) in zip(lines.dropFirst(), record.timeline) {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            try #require(cells.count == names.count)
            let row = Dictionary(zip(names, cells)) { first, _ in first }
            #expect(row["start_s"] == String(point.start) && row["held"] != nil)
            #expect(row["sold_out"] == String(point.count(of: .soldOut)))
            #expect(row["max_ns"] == String(point.latency.max))
            #expect(row["backlog"] == point.shop.map { String($0.backlog) })
            #expect(row["warmup"] == (point.isWarmup ? "1" : "0"))
        }
        let silent = try written(SampleLoad.record([SampleLoad.second(0)]), "csv")
        #expect(silent.hasSuffix("0.5,,,,\n"), "what the server did not tell is empty, not nothing")
    }

    @Test func yamlHoldsTheSame() throws {
        let text = try written(SampleLoad.record([SampleLoad.second(0)]), "yaml")
        #expect(text.hasPrefix("kind: \"loadtest\"\nschema_version: 1\ntitle: \"k6\"\n"))
        #expect(text.contains("held.count: 60"))
    }

    @Test func peopleGetTables() throws {
        var record = SampleLoad.record((0..<4).map { SampleLoad.second($0, held: 60, soldOut: 39, errors: 1) })
        record.figures.unsent = 3
        record.judge([try LoadThreshold(parsing: "errors>0", option: "--fail-if")])
        record.verification = .init(rows: [.init(name: "limits", checked: 240, violations: 0)])
        let text = try written(record, "table")
        #expect(text.hasPrefix("scenario     k6\nmodel        open: requests are sent at their time"))
        #expect(
            text.contains("requests     400 scheduled, 400 sent, 400 completed, 3 unsent, 0 unanswered, 0 timed out\n")
        )
        #expect(text.contains("rate         100/s sent of 100/s asked for (100.0 %) in 4.0 s\n"))
        #expect(text.contains("generator    0.50 processors busy, sent at most 40 µs late (p99)\n"))
        #expect(text.contains("committed purchases      0           0        -        -\n"))
        #expect(text.contains("accepted checkouts     240          60"))
        #expect(text.contains("sold_out        156  39.00 %\n"))
        #expect(text.contains("errors>0" + String(repeating: " ", count: 9) + "4  failed\n"))
        #expect(text.contains("ok      limits      240"))
        #expect(text.hasSuffix("THRESHOLD FAILED  `errors>0`: it is 4\n"))
    }

    @Test func somethingIsNeverShownAsNothing() {
        #expect(LoadRecord.share(0.001) == "< 0.01 %" && LoadRecord.share(0) == "0.00 %")
        #expect(LoadRecord.share(12.345) == "12.35 %" || LoadRecord.share(12.345) == "12.34 %")
    }
}
