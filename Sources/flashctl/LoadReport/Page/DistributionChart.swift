import Foundation
import Histogram

/// How latencies are distributed: a hill for each kind of answer, all over one logarithmic axis.
struct DistributionChart {
    private struct Row {
        var name: String
        /// Where there is no room for the whole one.
        var shortName: String
        var style: String
        var histogram: Histogram<UInt64>
    }

    private let rows: [Row]
    private let low: Double
    private let high: Double
    private let table: String

    private static let kinds: [(name: String, shortName: String, style: String, group: LoadGroup)] = [
        ("accepted checkouts", "accepted", "o-held", LoadGroup(.held)),
        ("committed purchases", "committed", "o-purchased", LoadGroup(.purchased)),
        ("refusals", "refusals", "o-sold_out", .refusals),
        ("errors", "errors", "o-server_error", .errors),
    ]
    private static let rowHeight = 72.0
    /// Steps for each doubling of the latency.
    private static let stepsPerDoubling = 8.0

    init(_ record: LoadRecord) {
        rows = DistributionChart.kinds.compactMap { kind in
            record.figures.latency(of: kind.group).map {
                Row(name: kind.name, shortName: kind.shortName, style: kind.style, histogram: $0)
            }
        }
        low = max(1000, Double(rows.map { $0.histogram.valueAtPercentile(0) }.min() ?? 1000))
        high = max(low * 2, Double(rows.map { $0.histogram.valueAtPercentile(100) }.max() ?? 10_000))
        let columns = [Markup.Column("requests", isNumber: false)] + LoadRecord.percentiles.map { .init($0.name) }
        table = Markup.table(
            caption: "Latency from the intended send time",
            columns: columns + [.init("count")],
            rows: record.latencyRows.map { row in
                [Markup.Cell(row.name)]
                    + LoadRecord.percentiles.map {
                        .init(NumberText.latency(nanoseconds: row.histogram.valueAtPercentile($0.value)))
                    } + [.init(NumberText.grouped(row.histogram.totalCount))]
            }
        )
    }

    var chart: Chart {
        let words = rows.map { row in
            let middle = NumberText.latency(nanoseconds: row.histogram.valueAtPercentile(50))
            let tail = NumberText.latency(nanoseconds: row.histogram.valueAtPercentile(99))
            return "\(row.name): p50 \(middle), p99 \(tail)"
        }
        return Chart(
            id: "distribution",
            title: "Latency distribution",
            sentence: words.isEmpty
                ? "Nothing was answered."
                : words.joined(separator: "; ") + ". Logarithmic scale, each hill as high as its peak.",
            canvas: canvas,
            table: table
        )
    }

    private func canvas(_ size: ChartCanvas.Size) -> ChartCanvas {
        let height = Double(max(1, rows.count)) * DistributionChart.rowHeight + 64
        let axis = AxisScale.logarithmic(from: low, to: high)
        var canvas = ChartCanvas(
            size,
            height: height,
            x: axis,
            y: AxisScale(kind: .linear, low: 0, high: Double(max(1, rows.count)), ticks: [])
        )
        for tick in axis.ticks {
            canvas.line(
                "grid",
                canvas.placeX(tick),
                canvas.placeY(canvas.y.high),
                canvas.placeX(tick),
                canvas.plotBottom
            )
        }
        // Every second mark has room on a telephone.
        let named = axis.ticks.enumerated().filter { size == .wide || axis.ticks.count <= 4 || $0.offset % 2 == 0 }
        canvas.axes(yTitle: "", xTitle: "latency", yText: { _ in "" }) { tick in
            named.contains { $0.element == tick } ? LatencyText.tick(tick) : ""
        }
        for (index, row) in rows.enumerated() { draw(row, floor: Double(rows.count - 1 - index), on: &canvas) }
        return canvas
    }

    /// - Parameter floor: the height of the foot, in rows.
    private func draw(_ row: Row, floor: Double, on canvas: inout ChartCanvas) {
        let hill = DistributionChart.hill(row.histogram)
        canvas.area(hill.map { ($0.latency, floor, floor + 0.72 * $0.height) }, row.style)
        let left = canvas.placeX(canvas.x.low)
        let foot = canvas.placeY(floor)
        canvas.line("grid", left, foot, canvas.placeX(canvas.x.high), foot)
        let count = NumberText.grouped(row.histogram.totalCount)
        let isWide = canvas.size == .wide
        let right = canvas.size.width - canvas.size.right + 6
        let marks = [("p50", 50), ("p99", 99.0)].map { name, percentile in
            (name: name, value: row.histogram.valueAtPercentile(percentile))
        }
        for mark in marks {
            let place = canvas.placeX(Double(mark.value))
            canvas.line("percentile", place, foot, place, canvas.placeY(floor + 0.8))
        }
        canvas.text(isWide ? row.name : row.shortName, x: right, y: foot - 34, anchor: "start", "label \(row.style)")
        canvas.text(isWide ? "\(count) answers" : count, x: right, y: foot - 19, anchor: "start", "tick")
        let first = canvas.placeX(Double(marks[0].value))
        canvas.text(marks[0].name, x: first - 3, y: canvas.placeY(floor + 0.8) + 4, anchor: "end", "tick")
        let last = canvas.placeX(Double(marks[1].value))
        let tail = isWide ? "p99 \(NumberText.latency(nanoseconds: marks[1].value))" : "p99"
        canvas.text(tail, x: last + 3, y: canvas.placeY(floor + 0.8) + 4, anchor: "start", "tick")
    }

    /// Counts by steps of the latency, the greatest as 1.
    static func hill(_ histogram: Histogram<UInt64>) -> [(latency: Double, height: Double)] {
        var counts: [Int: UInt64] = [:]
        for value in histogram.recordedValues() {
            counts[Int((log2(Double(max(1, value.value))) * stepsPerDoubling).rounded(.down)), default: 0] +=
                value.count
        }
        guard let first = counts.keys.min(), let last = counts.keys.max(), let greatest = counts.values.max() else {
            return []
        }
        func latency(_ step: Int) -> Double { exp2(Double(step) / stepsPerDoubling) }
        // A step each, with vertical sides: a bar says where it begins and ends.
        return (first...last).flatMap { step in
            let height = Double(counts[step] ?? 0) / Double(greatest)
            return [(latency(step), height), (latency(step + 1), height)]
        }
    }
}
