/// A chart of the page: what it is called, what it says in words, the drawing for each size, and the numbers behind it.
struct Chart {
    /// Unique on the page.
    var id: String
    var title: String
    /// What a reader should take from it, with numbers.
    var sentence: String
    var canvas: (ChartCanvas.Size) -> ChartCanvas
    /// A table of the numbers.
    var table: String

    var html: String {
        let drawings = ChartCanvas.Size.allCases.map { size in
            canvas(size).svg(id: id, title: title, description: sentence)
        }
        return """
            <section class="chart" id="\(id)">
            <h2>\(Markup.escaped(title))</h2>
            <p>\(Markup.escaped(sentence))</p>
            \(drawings.joined())<details><summary>The numbers of this chart</summary>
            \(table)</details>
            </section>

            """
    }
}

/// The timeline, thinned for a drawing or a table.
struct ChartTimeline {
    let points: [LoadPoint]

    /// Rows that a table has at most.
    static let longestTable = 60

    init(_ points: [LoadPoint]) {
        self.points = points
    }

    var start: Double { points.first?.start ?? 0 }
    var end: Double { points.last?.end ?? 0 }
    /// Where the measurement begins.
    var warmupEnd: Double { points.last(where: \.isWarmup)?.end ?? 0 }

    func thinned(to count: Int) -> [LoadPoint] {
        var thin = points
        while thin.count > count {
            let next = LoadTimeline.pairwise(thin)
            // Neighbours that must stay apart cannot be thinned further.
            if next.count == thin.count { break }
            thin = next
        }
        return thin
    }

    /// A value at the middle of each stretch; the first and the last one reach to the ends.
    static func line(_ points: [LoadPoint], _ value: (LoadPoint) -> Double?) -> [(x: Double, y: Double)] {
        let known = points.compactMap { point in value(point).map { (point, $0) } }
        guard let first = known.first, let last = known.last else { return [] }
        return [(first.0.start, first.1)] + known.map { (($0.0.start + $0.0.end) / 2, $0.1) } + [(last.0.end, last.1)]
    }

    /// Layers on top of each other, for areas.
    static func stack(
        _ points: [LoadPoint],
        _ values: [(LoadPoint) -> Double]
    ) -> [[(x: Double, low: Double, high: Double)]] {
        let lines = values.map { value in line(points) { value($0) } }
        guard var floor = lines.first?.map({ _ in 0.0 }) else { return [] }
        return lines.map { line in
            zip(line.indices, line).map { index, place in
                let low = floor[index]
                floor[index] = low + place.y
                return (place.x, low, floor[index])
            }
        }
    }

    /// A frame over the time.
    func canvas(
        _ size: ChartCanvas.Size,
        height: Double = 260,
        y: AxisScale,
        yTitle: String,
        yText: (Double) -> String
    ) -> ChartCanvas {
        let time = AxisScale.time(from: start, to: end, ticks: size.timeTicks)
        var canvas = ChartCanvas(size, height: height, x: time, y: y)
        if warmupEnd > start { canvas.shade(to: warmupEnd, "warm-up") }
        canvas.axes(
            yTitle: yTitle,
            xTitle: "time since the start, min:s",
            yText: yText,
            xText: { LoadOutlook.clock($0) }
        )
        return canvas
    }

    /// A table of a few columns over the time.
    func table(_ caption: String, _ columns: [(title: String, text: (LoadPoint) -> String)]) -> String {
        let rows = thinned(to: ChartTimeline.longestTable).map { point in
            let time = "\(LoadOutlook.clock(point.start))–\(LoadOutlook.clock(point.end))"
            return [Markup.Cell(time + (point.isWarmup ? " warm-up" : ""))]
                + columns.map { Markup.Cell($0.text(point)) }
        }
        let titles = [Markup.Column("time", isNumber: false)] + columns.map { Markup.Column($0.title) }
        return Markup.table(caption: caption, columns: titles, rows: rows)
    }
}
