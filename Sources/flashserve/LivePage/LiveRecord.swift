import Collections
import FlashSaleKit
import Foundation

/// What the live page knows: the last minutes, the sale since its opening, and the newest second.
struct LiveRecord: Sendable {
    /// At most ``Limits/liveHistory``, the oldest first.
    private(set) var points: Deque<LivePoint> = []
    private(set) var curve = StockCurve()
    private(set) var now: LiveNow?

    mutating func append(_ point: LivePoint, _ now: LiveNow) {
        if points.count == Limits.liveHistory { points.removeFirst() }
        points.append(point)
        if let sale = point.sale, let units = point.units, now.sale?.phase != .scheduled {
            curve.append(sale, point.at, units)
        }
        self.now = now
    }

    /// Everything, in one line of JSON: for a reader that has just come.
    var json: String {
        let columns = LivePoint.columns.map { "\"\($0)\"" }.joined(separator: ",")
        let rows = points.map(\.row).joined(separator: ",")
        let now = now.map(LiveRecord.encode) ?? "null"
        return "{\"now\":\(now),\"columns\":[\(columns)],\"points\":[\(rows)],\"curve\":\(curve.json)}"
    }

    /// One second, in one line of JSON.
    static func json(_ point: LivePoint, _ now: LiveNow) -> String {
        "{\"now\":\(encode(now)),\"point\":\(point.row)}"
    }

    private static func encode(_ now: LiveNow) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        do {
            return String(decoding: try encoder.encode(now), as: UTF8.self)
        } catch {
            // Strings, integers and finite numbers always encode.
            preconditionFailure("a second could not be encoded: \(error)")
        }
    }
}

/// The units of one sale since its opening, thinned so that it stays small however long the sale lasts.
struct StockCurve: Sendable, Equatable {
    struct Point: Sendable, Equatable {
        var at: Timestamp
        var units: LiveUnits
    }

    private(set) var sale: SaleID?
    private(set) var points: [Point] = []
    /// Milliseconds between two points, as often doubled as it was thinned.
    private(set) var step: Int64 = 1000

    mutating func append(_ sale: SaleID, _ at: Timestamp, _ units: LiveUnits) {
        if self.sale != sale {
            self = StockCurve()
            self.sale = sale
        }
        // Half a second less: the seconds of a busy server are not exact.
        if let last = points.last, at < last.at.adding(milliseconds: step - 500) { return }
        points.append(Point(at: at, units: units))
        guard points.count > Limits.liveCurve else { return }
        points = points.indices.filter { $0.isMultiple(of: 2) }.map { points[$0] }
        step *= 2
    }

    var json: String {
        let rows = points.map {
            "[\($0.at.microseconds / 1000),\($0.units.free),\($0.units.held),\($0.units.sold)]"
        }
        return "{\"sale\":\(sale?.description ?? "null"),\"points\":[\(rows.joined(separator: ","))]}"
    }
}
