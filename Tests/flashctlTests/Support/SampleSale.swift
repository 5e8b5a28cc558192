import Testing

@testable import FlashSaleKit
@testable import flashctl

/// A sale of which everything is known, for tables.
enum SampleSale {
    /// The answer of the snapshot script with these fields of the sale, at second 50.
    static func snapshot(_ fields: [String: String], banned: Int64 = 0, users: Int64 = 0) throws -> SaleSnapshot {
        func bulk(_ text: String) -> RedisReply { .bulk(Array(text.utf8)) }
        func number(_ field: String) -> Int64 { fields[field].flatMap { Int64($0) } ?? 0 }
        let pairs = fields.flatMap { [bulk($0.key), bulk($0.value)] }
        let counts: [Int64] = [number("held"), users, 0, banned, number("held"), number("sold"), 0, 0]
        let reply = RedisReply.array(
            [bulk("O"), bulk("50000000"), .array(pairs)] + counts.map { .integer($0 + 1) }
                + (0..<5).map { _ in bulk("") }
        )
        let parsed = try SnapshotCall.parse(reply)
        return try #require(parsed)
    }

    /// 14:32:50 of a sale that sells well.
    static func status(brief: Bool = false, blocks: Bool = false) throws -> StatusReport {
        let opens = Timestamp(seconds: 1_795_788_000)
        var terms = HourlyTerms().terms(ofHourAt: opens)
        terms.itemName = "Silver Lamp"
        let now = Timestamp(seconds: opens.microseconds / 1_000_000 + 1970)
        var snapshot = try snapshot(
            [
                "epoch": "4", "state": "open", "stock": "10000", "free": "4797", "held": "391", "sold": "4812",
                "limit": "3", "purchase_paused": "1", "seq": "182044",
            ],
            banned: 2,
            users: 4012
        )
        snapshot.at = now
        var ledger = SaleStanding.Backlog()
        ledger.drainedEntries = 5203
        ledger.drainedRows = 10_406
        var attempts = SaleStanding.Backlog()
        attempts.drainedEntries = 41_020
        attempts.drainedRows = 12_345_678
        attempts.waitingEntries = 37
        attempts.waitingBytes = 400_000
        attempts.seconds = 12.34
        var report = StatusReport(
            sale: Sale(id: try #require(SaleID(12)), terms: terms, epoch: 4, finishedAt: nil),
            now: now,
            snapshot: snapshot,
            record: nil,
            streams: [.init(name: "ledger", backlog: ledger), .init(name: "attempts", backlog: attempts)]
        )
        report.pace = AttemptPace(
            outcomes: [.held: 120, .soldOut: 181_920],
            entries: 400,
            seconds: 10,
            earlier: AttemptPace.Mark(at: now.adding(milliseconds: -60_000), sold: 4512)
        )
        report.isBrief = brief
        report.drawsBlocks = blocks
        return report
    }
}
