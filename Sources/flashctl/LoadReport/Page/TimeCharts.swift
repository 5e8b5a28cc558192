/// What happened over the time: rates, latencies, outcomes, stock and backlog.
struct TimeCharts {
    let record: LoadRecord
    private let time: ChartTimeline

    init(_ record: LoadRecord) {
        self.record = record
        time = ChartTimeline(record.timeline)
    }

    private static func count(_ value: Double) -> String { NumberText.decimal(value, digits: 0) }

    var rate: Chart {
        let greatest = record.timeline.reduce(0.0) { greatest, point in
            max(greatest, point.targetRate ?? 0, point.perSecond(point.sent), point.perSecond(point.completed))
        }
        return Chart(
            id: "rate",
            title: "Rate",
            sentence: "\(record.rateText). Sent and answered, follow-ups included, lie on each other as long as the "
                + "server keeps up.",
            canvas: { size in
                let points = time.thinned(to: size.longestLine)
                var canvas = time.canvas(
                    size,
                    y: .counts(upTo: greatest),
                    yTitle: "requests per second",
                    yText: TimeCharts.count
                )
                let lines: [(name: String, style: String, line: [(x: Double, y: Double)])] = [
                    ("target", "c-target", ChartTimeline.line(points) { $0.targetRate }),
                    ("sent", "c-sent", ChartTimeline.line(points) { $0.perSecond($0.sent) }),
                    ("answered", "c-answered", ChartTimeline.line(points) { $0.perSecond($0.completed) }),
                ]
                for line in lines { canvas.line(line.line, line.style) }
                canvas.labels(lines.compactMap { line in line.line.last.map { (line.name, $0.y, line.style) } })
                return canvas
            },
            table: time.table(
                "Requests per second",
                [
                    ("target", { $0.targetRate.map(TimeCharts.count) ?? "-" }),
                    ("sent", { TimeCharts.count($0.perSecond($0.sent)) }),
                    ("of them follow-ups", { TimeCharts.count($0.perSecond($0.followUps)) }),
                    ("answered", { TimeCharts.count($0.perSecond($0.completed)) }),
                    ("in flight", { NumberText.grouped($0.inFlight) }), ("late", { NumberText.grouped($0.waiting) }),
                    ("lag p99", { NumberText.latency(nanoseconds: $0.scheduleLagP99) }),
                ]
            )
        )
    }

    private static let percentiles: [(name: String, style: String, value: @Sendable (LoadPoint) -> UInt64)] = [
        ("max", "c-max", { $0.latency.max }), ("p99.9", "c-p999", { $0.latency.p999 }),
        ("p99", "c-p99", { $0.latency.p99 }), ("p90", "c-p90", { $0.latency.p90 }),
        ("p50", "c-p50", { $0.latency.p50 }),
    ]

    var latency: Chart {
        let answered = record.timeline.filter { $0.completed > 0 && $0.latency.max > 0 }
        let low = answered.map(\.latency.p50).min() ?? 1000
        let high = answered.map(\.latency.max).max() ?? 1000
        let all = record.figures.latency(of: LoadGroup.combined[0])
        let words = all.map { all in
            [("p50", 50), ("p99", 99), ("max", 100.0)].map {
                "\($0.0) \(NumberText.latency(nanoseconds: all.valueAtPercentile($0.1)))"
            }.joined(separator: ", ")
        }
        let from = record.model == .closed ? "sending, in the closed model" : "the intended send time"
        return Chart(
            id: "latency",
            title: "Latency over time",
            sentence: "Of all requests, measured from \(from): \(words ?? "nothing was measured"). Logarithmic scale.",
            canvas: { size in
                let points = time.thinned(to: size.longestLine).filter { $0.completed > 0 && $0.latency.max > 0 }
                var canvas = time.canvas(
                    size,
                    height: 300,
                    y: .logarithmic(from: Double(low), to: Double(high)),
                    yTitle: "latency",
                    yText: LatencyText.tick
                )
                var labels: [(text: String, y: Double, style: String)] = []
                for percentile in TimeCharts.percentiles {
                    let line = ChartTimeline.line(points) { Double(percentile.value($0)) }
                    canvas.line(line, percentile.style)
                    if let last = line.last { labels.append((percentile.name, last.y, percentile.style)) }
                }
                canvas.labels(labels)
                return canvas
            },
            table: time.table(
                "Latency of all requests",
                TimeCharts.percentiles.reversed().map { percentile in
                    (percentile.name, { NumberText.latency(nanoseconds: percentile.value($0)) })
                }
            )
        )
    }

    var outcomes: Chart {
        let seen = LoadOutcome.allCases.filter { outcome in
            record.timeline.contains { $0.count(of: outcome) > 0 }
        }
        let greatest = record.timeline.map { $0.perSecond($0.outcomes.reduce(0, +)) }.max() ?? 0
        let words = seen.map { outcome in
            let count = record.figures.count(of: LoadGroup(outcome))
            return "\(outcome.rawValue) \(NumberText.grouped(count))"
        }
        return Chart(
            id: "outcomes",
            title: "Outcomes over time",
            sentence: words.isEmpty ? "No request ended." : words.joined(separator: ", ") + ".",
            canvas: { size in
                let points = time.thinned(to: size.longestLine)
                var canvas = time.canvas(
                    size,
                    y: .counts(upTo: greatest),
                    yTitle: "requests per second, stacked",
                    yText: TimeCharts.count
                )
                let layers = ChartTimeline.stack(
                    points,
                    seen.map { outcome in { $0.perSecond($0.count(of: outcome)) } }
                )
                TimeCharts.draw(zip(seen, layers).map { ($0.rawValue, "o-\($0.rawValue)", $1) }, on: &canvas)
                return canvas
            },
            table: time.table(
                "Requests that ended, by outcome",
                seen.map { outcome in (outcome.rawValue, { NumberText.grouped($0.count(of: outcome)) }) }
            )
        )
    }

    /// Nil when the server did not tell its stock.
    var stock: Chart? {
        let told = time.points.filter { $0.shop != nil }
        guard let last = told.last?.shop else { return nil }
        let units = told.compactMap(\.shop).map { $0.free + $0.held + $0.sold }.max() ?? 0
        let parts: [(name: String, value: (LoadInterval.Shop) -> Int)] = [
            ("sold", { $0.sold }), ("held", { $0.held }), ("free", { $0.free }),
        ]
        let words = parts.map { "\(NumberText.grouped($0.value(last))) \($0.name)" }.joined(separator: ", ")
        return Chart(
            id: "stock",
            title: "Stock",
            sentence: "At the end: \(words).",
            canvas: { size in
                let points = ChartTimeline(told).thinned(to: size.longestLine)
                var canvas = time.canvas(
                    size,
                    y: .counts(upTo: Double(units)),
                    yTitle: "units, stacked",
                    yText: TimeCharts.count
                )
                let layers = ChartTimeline.stack(
                    points,
                    parts.map { part in { $0.shop.map { Double(part.value($0)) } ?? 0 } }
                )
                TimeCharts.draw(zip(parts, layers).map { ($0.name, "s-\($0.name)", $1) }, on: &canvas)
                return canvas
            },
            table: time.table(
                "Units of the sale",
                parts.map { part in (part.name, { $0.shop.map { NumberText.grouped(part.value($0)) } ?? "-" }) }
            )
        )
    }

    /// Nil when the server did not tell its backlog.
    var backlog: Chart? {
        let told = time.points.filter { $0.shop != nil }
        guard let largest = told.compactMap({ $0.shop?.backlog }).max() else { return nil }
        let last = told.last?.shop?.backlog ?? 0
        let words = "At most \(NumberText.grouped(largest)), at the end \(NumberText.grouped(last))"
        return Chart(
            id: "backlog",
            title: "Backlog of the drain",
            sentence: "\(words) journal entries were in Redis and not yet in Postgres.",
            canvas: { size in
                let points = ChartTimeline(told).thinned(to: size.longestLine)
                var canvas = time.canvas(
                    size,
                    height: 180,
                    y: .counts(upTo: Double(largest), ticks: 2),
                    yTitle: "journal entries",
                    yText: TimeCharts.count
                )
                let line = ChartTimeline.line(points) { $0.shop.map { Double($0.backlog) } }
                canvas.line(line, "c-sent")
                if let end = line.last { canvas.labels([("backlog", end.y, "c-sent")]) }
                return canvas
            },
            table: time.table("Backlog", [("entries", { $0.shop.map { NumberText.grouped($0.backlog) } ?? "-" })])
        )
    }

    /// Layers, and the names of those that are thick enough at their right end to be found.
    private static func draw(
        _ layers: [(name: String, style: String, layer: [(x: Double, low: Double, high: Double)])],
        on canvas: inout ChartCanvas
    ) {
        var labels: [(text: String, y: Double, style: String)] = []
        for layer in layers {
            canvas.area(layer.layer, layer.style)
            guard let end = layer.layer.last, end.high > end.low else { continue }
            labels.append((layer.name, (end.low + end.high) / 2, layer.style))
        }
        var taken: [(x: Double, y: Double)] = []
        for layer in layers where layer.layer.last.map({ $0.high <= $0.low }) ?? false {
            name(layer.layer, layer.name, &taken, on: &canvas)
        }
        canvas.labels(labels)
    }

    /// Room of a name that stands in a drawing.
    private static let nameLength = 70.0
    private static let nameHeight = 15.0

    /// Names a layer that has ended earlier: in it where it is thickest, or behind its end when it is thin everywhere.
    /// One that can hardly be seen is left to the table.
    private static func name(
        _ layer: [(x: Double, low: Double, high: Double)],
        _ name: String,
        _ taken: inout [(x: Double, y: Double)],
        on canvas: inout ChartCanvas
    ) {
        func thickness(_ place: (x: Double, low: Double, high: Double)) -> Double {
            canvas.placeY(place.low) - canvas.placeY(place.high)
        }
        guard let thickest = layer.max(by: { thickness($0) < thickness($1) }) else { return }
        let isThick = thickness(thickest) >= 16
        guard let place = isThick ? thickest : layer.last(where: { thickness($0) >= 3 }) else { return }
        let isLeft = canvas.x.position(place.x) < 0.5
        let anchor = isThick && !isLeft ? "end" : "start"
        let x = canvas.placeX(place.x) + (anchor == "end" ? -5 : 5)
        var y = canvas.placeY((place.low + place.high) / 2) + 4
        // Two thin layers beside each other: the second name goes below the first.
        while taken.contains(where: { abs($0.x - x) < nameLength && abs($0.y - y) < nameHeight }) { y += nameHeight }
        taken.append((x, y))
        canvas.text(name, x: x, y: y, anchor: anchor, "label")
    }
}
