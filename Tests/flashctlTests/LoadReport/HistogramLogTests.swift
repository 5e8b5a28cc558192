import FlashSaleKit
import Foundation
import Histogram
import TestSupport
import Testing

@testable import flashctl

/// The log that other tools read.
@Suite struct HistogramLogTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// Writes a log of these seconds and reads it with the Python package: percentiles by tag.
    private func read(_ seconds: [LoadInterval]) async throws -> [String: [String: Any]] {
        try await withFolder { folder in
            let path = folder + "/load.hlog"
            let log = try HistogramLog(path: path, startedAt: Timestamp(seconds: 1_763_805_600), version: "1.0")
            for second in seconds { try log.add(second) }
            log.close()
            let outcome = try await BuiltBinary.script(
                "/usr/bin/python3 \"$ROOT/scripts/read-hdr-log.py\" \"$LOG\"",
                environment: ["ROOT": HistogramLogTests.root.path, "LOG": path]
            )
            try #require(outcome.status == 0, "\(outcome.talk)")
            let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
            return try #require(object as? [String: [String: Any]])
        }
    }

    @Test func anotherLibraryReadsTheSamePercentiles() async throws {
        var all: [LoadOutcome: Histogram<UInt64>] = [:]
        var chance = Chance(state: 9)
        let seconds = (0..<5).map { number in
            var second = SampleLoad.second(number)
            second.latencies = [:]
            for outcome in [LoadOutcome.held, .soldOut, .purchased, .timedOut] {
                var histogram = LoadTally.newHistogram()
                for _ in 0..<300 {
                    let nanoseconds = exp(Double.random(in: 6...25.9, using: &chance))
                    histogram.record(UInt64(nanoseconds), count: UInt64.random(in: 1...70_000, using: &chance))
                }
                second.latencies[outcome] = histogram
                all[outcome, default: LoadTally.newHistogram()].add(histogram)
            }
            return second
        }
        let read = try await read(seconds)
        #expect(read.keys.sorted() == ["held", "purchased", "sold_out", "timed_out"])
        for (outcome, histogram) in all {
            let found = try #require(read[outcome.rawValue])
            #expect(found["intervals"] as? Int == 5 && found["first"] as? Double == 1_763_805_600)
            #expect(found["last"] as? Double == 1_763_805_605)
            #expect(found["count"] as? UInt64 == histogram.totalCount)
            for (name, percentile) in LoadRecord.percentiles {
                let theirs = try #require(found[name] as? UInt64)
                let ours = histogram.valueAtPercentile(percentile)
                #expect(histogram.valuesAreEquivalent(ours, theirs), "\(outcome) \(name): \(ours), \(theirs)")
            }
        }
    }

    @Test func theWarmUpHasTagsOfItsOwn() async throws {
        let read = try await read([SampleLoad.second(0, isWarmup: true), SampleLoad.second(1)])
        #expect(read.keys.sorted() == ["held", "sold_out", "warmup_held", "warmup_sold_out"])
        #expect(read["held"]?["count"] as? Int == 60)
    }

    @Test func numbersAreWrittenAsTheFormatSays() {
        func bytes(_ number: Int64) -> [UInt8] {
            var output: [UInt8] = []
            HistogramEncoding.appendZigZag(number, to: &output)
            return output
        }
        #expect(bytes(0) == [0] && bytes(-1) == [1] && bytes(1) == [2] && bytes(63) == [126] && bytes(64) == [0x80, 1])
        #expect(bytes(-2048) == [0xFF, 0x1F])
        #expect(bytes(.max) == Array(repeating: 0xFE, count: 1) + Array(repeating: 0xFF, count: 8))
        #expect(bytes(.min) == Array(repeating: 0xFF, count: 9))
    }

    @Test func storedStreamsAreLegal() async throws {
        #expect(StoredZlib.adler32(Array("Wikipedia".utf8)) == 0x11E6_0398)
        for size in [0, 1, 65_535, 65_536, 200_000] {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let encoded = Data(StoredZlib.stream(bytes)).base64EncodedString()
            let outcome = try await withFolder { folder in
                try write(encoded, to: folder + "/stream")
                return try await BuiltBinary.script(
                    "/usr/bin/python3 -c 'import base64,sys,zlib; d=zlib.decompress(base64.b64decode(open(sys.argv[1])"
                        + ".read())); print(len(d), sum(d))' \"$FILE\"",
                    environment: ["FILE": folder + "/stream"]
                )
            }
            #expect(outcome.output == "\(size) \(bytes.reduce(0) { $0 + Int($1) })\n", "\(outcome.talk)")
        }
    }

    @Test func aFolderThatIsNotThereIsToldBeforeTheLoad() throws {
        let failure = #expect(throws: CommandFailure.self) {
            try HistogramLog(path: "/nonexistent/x.hlog", startedAt: Timestamp(seconds: 0), version: "1")
        }
        #expect(failure?.message == "cannot write --hdr-log /nonexistent/x.hlog: No such file or directory")
    }
}
