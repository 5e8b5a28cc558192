/// What the search for the highest rate found: the measured value over the rate, and the limit.
struct KneeChart {
    let search: LoadSearch

    var chart: Chart {
        let unit = search.condition.metric.unit
        let steps = search.steps.sorted { $0.rate < $1.rate }
        let rows = steps.map { step -> [Markup.Cell] in
            [
                .init("\(LoadValueText.number(step.rate))/s"),
                .init("\(LoadValueText.number(step.achieved.rounded()))/s"),
                .init(step.value.map { LoadValueText.text($0, unit) } ?? "-"),
                step.holds ? .init("holds", style: "good") : .init("does not hold", style: "bad"),
            ]
        }
        return Chart(
            id: "knee",
            title: "Highest rate",
            sentence: search.title + ".",
            canvas: { canvas($0, steps.filter { $0.value != nil }) },
            table: Markup.table(
                caption: "Rates that were tried",
                columns: [
                    .init("asked for"), .init("achieved"), .init(search.condition.metric.description), .init("result"),
                ],
                rows: rows
            )
        )
    }

    private func canvas(_ size: ChartCanvas.Size, _ steps: [LoadSearch.Step]) -> ChartCanvas {
        let isLatency = search.condition.metric.unit == .nanoseconds
        let values = steps.compactMap(\.value) + [search.condition.limit]
        let greatest = values.max() ?? 1
        let y: AxisScale =
            isLatency ? .logarithmic(from: values.min() ?? 1, to: greatest) : .counts(upTo: greatest)
        var canvas = ChartCanvas(size, height: 280, x: .counts(upTo: steps.map(\.rate).max() ?? 1), y: y)
        canvas.axes(
            yTitle: search.condition.metric.description,
            xTitle: "requests per second asked for",
            yText: isLatency ? LatencyText.tick : LoadValueText.number,
            xText: { NumberText.decimal($0, digits: 0) }
        )
        let right = size.width - size.right
        let limit = canvas.placeY(search.condition.limit)
        canvas.line("limit", size.left, limit, right, limit)
        canvas.labels([("limit", search.condition.limit, "c-limit")])
        canvas.line(steps.map { ($0.rate, $0.value ?? 0) }, "c-p99")
        for step in steps { canvas.dot(step.holds ? "holds" : "fails", x: step.rate, y: step.value ?? 0) }
        if let best = search.best {
            let place = canvas.placeX(best)
            canvas.line("percentile", place, canvas.placeY(y.high), place, canvas.plotBottom)
            canvas.text(LoadValueText.number(best) + "/s", x: place + 4, y: 38, anchor: "start", "tick")
        }
        return canvas
    }
}
