import FlashSaleKit
import Foundation
import Histogram

@testable import flashctl

/// Load tests of which everything is known.
enum SampleLoad {
    /// A histogram of these latencies in microseconds.
    static func histogram(microseconds: some Sequence<Int>) -> Histogram<UInt64> {
        var histogram = LoadTally.newHistogram()
        for value in microseconds { histogram.record(UInt64(value) * 1000) }
        return histogram
    }

    /// A second in which so many checkouts were held after a millisecond, and sold out after two.
    static func second(
        _ number: Int,
        held: Int = 60,
        soldOut: Int = 40,
        errors: Int = 0,
        isWarmup: Bool = false,
        microseconds: Int = 1000
    ) -> LoadInterval {
        var interval = LoadInterval(start: Double(number), length: 1)
        interval.isWarmup = isWarmup
        interval.targetRate = Double(held + soldOut + errors)
        interval.scheduled = UInt64(held + soldOut + errors)
        interval.sent = interval.scheduled
        interval.completed = interval.scheduled
        let counts: [(LoadOutcome, Int)] = [(.held, held), (.soldOut, soldOut), (.serverError, errors)]
        for (outcome, count) in counts where count > 0 {
            interval.outcomes[outcome] = UInt64(count)
            // Each outcome a little slower than the one before.
            let slower = microseconds * (1 + interval.latencies.count)
            interval.latencies[outcome] = histogram(microseconds: Array(repeating: slower, count: count))
        }
        interval.processors = 0.5
        interval.scheduleLagP99 = 40_000
        return interval
    }

    /// What nobody measured on a machine that nobody has.
    static var provenance: LoadProvenance {
        LoadProvenance(
            version: "1.0",
            revision: "abc",
            commandLine: ["flashctl", "loadtest", "--rate", "2000/s"],
            seed: 7,
            startedAt: Timestamp(seconds: 1_763_805_600),
            host: "lamp",
            kernel: "Linux 6.1.0 x86_64",
            cores: 2,
            processor: "Abacus 2000",
            stores: [
                .init(
                    name: "Redis",
                    description: "7.0.15 at 127.0.0.1:6379",
                    settings: [
                        .init("appendonly", "yes"), .init("appendfsync", "everysec"),
                        .init("maxmemory-policy", "noeviction"),
                    ]
                ),
                .init(
                    name: "Postgres",
                    description: "127.0.0.1:5432",
                    settings: [.init("fsync", "on"), .init("synchronous_commit", "on")]
                ),
            ]
        )
    }

    /// A record of these seconds.
    static func record(_ seconds: [LoadInterval], title: String = "k6") -> LoadRecord {
        var timeline = LoadTimeline()
        for second in seconds { timeline.add(second) }
        var record = LoadRecord(
            title: title,
            target: "http://127.0.0.1:8080",
            model: .open,
            provenance,
            timeline
        )
        record.plan = [.init("rate", "2000/s"), .init("connections", "200")]
        return record
    }

    /// Two minutes with a warm-up, a stock that is sold, a stall and its time-outs, everything that a report can show.
    static func everything(seconds: Int = 120) throws -> LoadRecord {
        var chance = Chance(state: 42)
        var shop = LoadInterval.Shop(free: 40_000, held: 0, sold: 0, backlog: 0)
        var record = record((0..<seconds).map { busySecond($0, of: seconds, &shop, &chance) })
        record.figures.unsent = 12
        record.figures.outcomes[.held]?.serviceTime = histogram(microseconds: (0..<5000).map { 300 + $0 % 700 })
        record.networkErrors = [("reset", 3), ("timeout", 9)]
        record.verification = LoadVerification(
            rows: [
                .init(name: "every decided attempt is on record once", checked: 1_130_022, violations: 0),
                .init(name: "every 200 has one purchase", checked: 31_000, violations: 2, offenders: ["0a1b", "77fe"]),
            ],
            oversold: 1
        )
        record.search = LoadSearch(
            condition: try LoadThreshold(parsing: "checkout.p99<20ms", option: "--find-max"),
            steps: [
                .init(rate: 2000, achieved: 2000, value: 2.1e6, holds: true),
                .init(rate: 16_000, achieved: 13_100, value: 812e6, holds: false),
                .init(rate: 8000, achieved: 7998, value: 4.9e6, holds: true),
                .init(rate: 12_000, achieved: 11_870, value: 46e6, holds: false),
                .init(rate: 10_000, achieved: 9996, value: 11.2e6, holds: true),
            ]
        )
        record.verdict.add(.invariantViolated, "2 purchases have no receipt: 0a1b, 77fe")
        record.judge([
            try LoadThreshold(parsing: "checkout.p99>20ms", option: "--fail-if"),
            try LoadThreshold(parsing: "5xx.rate>5%", option: "--fail-if"),
        ])
        return record
    }

    private static func busySecond(
        _ number: Int,
        of seconds: Int,
        _ shop: inout LoadInterval.Shop,
        _ chance: inout Chance
    ) -> LoadInterval {
        let isStalled = (number % 45) == 30
        let rate = number < 5 ? 2000 : 10_000
        var interval = LoadInterval(start: Double(number), length: 1)
        interval.isWarmup = number < 5
        interval.targetRate = Double(rate)
        interval.scheduled = UInt64(rate)
        interval.sent = UInt64(rate - Int.random(in: 0...20, using: &chance))
        interval.inFlight = isStalled ? 9200 : UInt64.random(in: 20...60, using: &chance)
        interval.processors = 0.82
        interval.scheduleLagP99 = UInt64.random(in: 30_000...90_000, using: &chance)
        let taken = min(shop.free, rate / 20)
        let paid = min(shop.held, 300)
        shop.free -= taken
        shop.held += taken - paid
        shop.sold += paid
        shop.backlog = isStalled ? 900 : Int.random(in: 3...40, using: &chance)
        interval.shop = shop
        let ended = isStalled ? rate / 10 : rate
        let counts: [(LoadOutcome, Int)] = [
            (.held, min(taken, ended)), (.purchased, min(paid, ended)), (.badRequest, ended / 10),
            (.userLimit, ended / 12), (.timedOut, isStalled ? 9 : 0), (.unavailable, isStalled ? 80 : 0),
        ]
        let rest = ended - counts.reduce(0) { $0 + $1.1 }
        for (outcome, count) in counts + [(.soldOut, max(0, rest))] where count > 0 {
            interval.outcomes[outcome] = UInt64(count)
            var histogram = LoadTally.newHistogram()
            // A hundred latencies stand for all.
            let samples = min(count, 100)
            for sample in 0..<samples {
                // The logarithm of a latency is roughly normal.
                let bell = (0..<6).reduce(0.0) { sum, _ in sum + Double.random(in: -1...1, using: &chance) }
                let middle = outcome == .purchased ? 4e6 : isStalled ? 60e6 : 0.9e6
                let latency = UInt64(outcome == .timedOut ? 30e9 : middle * exp(bell * 0.55))
                let rest = sample < count % samples ? 1 : 0
                histogram.record(latency, count: UInt64(count / samples + rest))
            }
            interval.latencies[outcome] = histogram
        }
        interval.completed = interval.outcomes.values.reduce(0, +)
        return interval
    }
}

/// The same numbers each time.
struct Chance: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
