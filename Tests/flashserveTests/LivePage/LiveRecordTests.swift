import FlashSaleKit
import Foundation
import NIOCore
import Testing

@testable import flashserve

/// What the live page remembers, and how it is written.
@Suite struct LiveRecordTests {
    private func point(_ second: Int64, free: Int = 10) -> LivePoint {
        var point = LivePoint(at: Timestamp(seconds: second))
        point.sale = SaleID(7)
        point.units = LiveUnits(free: free, held: 2, sold: 3)
        return point
    }

    private func now(_ phase: LivePhase = .selling) -> LiveNow { LiveSample.now(phase) }

    @Test("the history has a limit, and the newest seconds are kept")
    func limit() {
        var record = LiveRecord()
        for second in 0..<Int64(Limits.liveHistory + 50) { record.append(point(second), now()) }
        #expect(record.points.count == Limits.liveHistory)
        #expect(record.points.first?.at == Timestamp(seconds: 50))
        #expect(record.points.last?.at == Timestamp(seconds: Int64(Limits.liveHistory) + 49))
    }

    @Test("the curve reaches from the opening to now, however long the sale lasts, and stays small")
    func curve() {
        var curve = StockCurve()
        let day: Int64 = 86_400
        for second in 0..<day {
            curve.append(SaleID(7) ?? .sample, Timestamp(seconds: second), LiveUnits(free: 1, held: 0, sold: 0))
            #expect(curve.points.count <= Limits.liveCurve + 1)
        }
        #expect(curve.points.count > Limits.liveCurve / 3)
        #expect(curve.points.first?.at == Timestamp(seconds: 0))
        #expect((curve.points.last?.at.microseconds ?? 0) / 1_000_000 > day - 2 * curve.step / 1000)
        let steps = zip(curve.points, curve.points.dropFirst()).map { $1.at.microseconds - $0.at.microseconds }
        #expect(Set(steps).count == 1, "even steps")
    }

    @Test("the curve is that of one sale, and begins with its opening")
    func anotherSale() {
        var record = LiveRecord()
        record.append(point(1), now(.scheduled))
        #expect(record.curve.points.isEmpty)
        record.append(point(2), now())
        record.append(point(3), now())
        #expect(record.curve.points.map(\.at) == [Timestamp(seconds: 2), Timestamp(seconds: 3)])
        var next = point(4)
        next.sale = SaleID(8)
        record.append(next, now())
        #expect(record.curve.sale == SaleID(8) && record.curve.points.count == 1)
        next.units = nil
        next.at = Timestamp(seconds: 5)
        record.append(next, now())
        #expect(record.curve.points.count == 1, "what is not known is not drawn")
    }

    @Test("seconds become rates by the time that has really passed")
    func rates() {
        var before = LoopCounters()
        for letter in "HS".utf8 { before.decided(letter) }
        var after = before
        for letter in "HHHHSSLBh".utf8 { after.decided(letter) }
        after.refused(.overloaded, 6)
        after.refused(.noSale, 2)
        after.purchases = 3
        var point = LivePoint(at: Timestamp(seconds: 0))
        point.count(before, after, seconds: 2)
        #expect(point.held == 2 && point.soldOut == 1 && point.userLimit == 1 && point.banned == 1)
        #expect(point.repeated == 1 && point.refused == 4 && point.purchases == 2)
        point.count(before, after, seconds: 1.02)
        #expect(point.held == 4 && point.purchases == 3, "a late second is no fraction")
    }

    @Test("percentiles are those of the second alone, and nothing when nothing was answered")
    func latencies() throws {
        let answer = ByteBuffer(string: "HTTP/1.1 201 Created\r\n\r\n")
        var before = LoopCounters()
        for _ in 0..<1000 { before.answered(.checkout, with: answer, after: .seconds(9)) }
        var after = before
        for _ in 0..<98 { after.answered(.checkout, with: answer, after: .microseconds(900)) }
        for _ in 0..<2 { after.answered(.checkout, with: answer, after: .milliseconds(40)) }
        var point = LivePoint(at: Timestamp(seconds: 0))
        point.count(before, after, seconds: 1)
        let latency = try #require(point.checkoutLatency)
        #expect((700...1000).contains(latency.p50), "\(latency.p50)")
        #expect((30_000...50_000).contains(latency.p99), "\(latency.p99)")
        #expect(point.purchaseLatency == nil)
        point.count(after, after, seconds: 1)
        #expect(point.checkoutLatency == nil)
    }

    @Test("a row has a number for each column, and null for what is not known")
    func row() throws {
        var full = point(5)
        full.checkoutLatency = LivePoint.Latency(p50: 800, p99: 4000)
        full.backlogEntries = 9
        let empty = LivePoint(at: Timestamp(seconds: 6))
        for point in [full, empty] {
            let json = try JSONSerialization.jsonObject(with: Data(point.row.utf8))
            #expect(try #require(json as? [Any]).count == LivePoint.columns.count)
        }
        #expect(full.row == "[5000,0,0,0,0,0,0,0,800,4000,null,null,9,null,7,10,2,3]")
        #expect(empty.row == "[6000,0,0,0,0,0,0,0,null,null,null,null,null,null,null,null,null,null]")
    }

    @Test("what comes from elsewhere stays one line of JSON")
    func hostileNames() throws {
        var record = LiveRecord()
        let hostile = "<img src=x onerror=alert(1)>\u{0}\r\n\n\u{2028}\"\\data: x"
        var now = now()
        now.sale?.itemName = hostile
        now.sale?.reason = hostile
        record.append(point(1), now)
        for text in [record.json, LiveRecord.json(point(1), now)] {
            #expect(!text.contains("\n") && !text.contains("\r"))
            let json = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            let sale = try #require((json["now"] as? [String: Any])?["sale"] as? [String: Any])
            for field in ["item_name", "reason"] {
                let text = try #require(sale[field] as? String)
                #expect(text == hostile, "\(field)")
            }
        }
        let bytes = LiveEvent("second", LiveRecord.json(point(1), now)).bytes
        let lines = String(buffer: bytes).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 4 && lines[0] == "event: second" && lines[2].isEmpty && lines[3].isEmpty)
    }

    @Test("ten minutes of seconds are a small start for a page")
    func size() {
        var record = LiveRecord()
        for second in 0..<Int64(Limits.liveHistory) {
            var full = point(1_795_000_000 + second)
            full.checkoutLatency = LivePoint.Latency(p50: 12_345, p99: 123_456)
            full.purchaseLatency = full.checkoutLatency
            (full.held, full.soldOut) = (1234, 65_432)
            record.append(full, now())
        }
        #expect(record.json.utf8.count < 128_000)
    }
}

extension SaleID {
    /// Any number.
    static var sample: SaleID { SaleID(1) ?? { preconditionFailure("1 is a number of a sale") }() }
}
