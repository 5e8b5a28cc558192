/// A running load test for somebody at a terminal, as a text that fits it.
struct LoadScreen {
    var outlook: LoadOutlook
    /// Whether it may be drawn with block characters.
    var unicode: Bool
    /// Expressions of `--fail-if`.
    var thresholds: [LoadThreshold] = []

    private static let nameWidth = 11

    /// All lines, none wider than `width`.
    func text(_ timeline: LoadTimeline, width: Int, color: Bool) -> String {
        guard let last = timeline.recent.last else {
            return head(nil, width, color) + "\nwaiting for the first second\n"
        }
        var parts = [head(last, width, color) + progress(timeline, last, width, color)]
        parts.append(rate(timeline, last, width))
        parts.append(latency(timeline, last, width))
        if let shop = last.shop {
            let bar = StockBar(sold: shop.sold, held: shop.held, free: shop.free, unicode: unicode)
            let backlog = line(
                "backlog",
                "\(NumberText.grouped(shop.backlog)) journal entries not yet in Postgres",
                width
            )
            parts.append(bar.text(width: width, color: color) + backlog)
        }
        parts.append(outcomes(timeline, last).text(width: width, color: color))
        if !thresholds.isEmpty { parts.append(judged(timeline, width, color)) }
        return parts.joined(separator: "\n")
    }

    /// The same second in one line, for a log.
    func line(_ timeline: LoadTimeline) -> String {
        guard let last = timeline.recent.last else { return "" }
        var parts = [LoadOutlook.clock(last.end)]
        if last.isWarmup { parts.append("warm-up") }
        if let share = share(timeline, last) { parts.append("\(Int(100 * share)) %") }
        parts.append("answered \(number(last.perSecond(last.completed)))/s")
        parts += sent(last)
        parts.append("p50 \(NumberText.latency(nanoseconds: last.latency.p50))")
        parts.append("p99 \(NumberText.latency(nanoseconds: last.latency.p99))")
        for (outcome, count) in zip(LoadOutcome.allCases, last.outcomes) where count > 0 {
            parts.append("\(outcome.rawValue) \(NumberText.grouped(count))")
        }
        parts.append("in flight \(NumberText.grouped(last.inFlight))")
        if last.waiting > 0 { parts.append("late \(NumberText.grouped(last.waiting))") }
        if let shop = last.shop {
            parts.append("free \(NumberText.grouped(shop.free))")
            parts.append("backlog \(NumberText.grouped(shop.backlog))")
        }
        return parts.joined(separator: "  ")
    }

    private func head(_ last: LoadPoint?, _ width: Int, _ color: Bool) -> String {
        let state = last.map { $0.isWarmup ? "warming up" : "" } ?? "starting"
        let title = DisplayWidth.harmless(
            "loadtest \(outlook.title), \(outlook.model.rawValue) model, \(outlook.target)"
        )
        let text = [title, state].filter { !$0.isEmpty }.joined(separator: ", ")
        return TextStyle.bold.applied(to: DisplayWidth.fitted(text, to: width), color: color) + "\n"
    }

    private func share(_ timeline: LoadTimeline, _ last: LoadPoint) -> Double? {
        outlook.share(seconds: last.end, sent: timeline.figures.sentOfPlan)
    }

    private func progress(_ timeline: LoadTimeline, _ last: LoadPoint, _ width: Int, _ color: Bool) -> String {
        let share = share(timeline, last)
        let left = outlook.secondsLeft(
            seconds: last.end,
            sent: timeline.figures.sentOfPlan,
            perSecond: last.perSecond(last.sentOfPlan)
        )
        var words = [share.map { "\(Int(100 * $0)) %" } ?? "", LoadOutlook.clock(last.end)]
        if let left { words.append("\(LoadOutlook.clock(left)) left") }
        let text = words.filter { !$0.isEmpty }.joined(separator: "  ")
        let room = width - DisplayWidth.of(text) - 2
        guard room >= 10 else { return DisplayWidth.fitted(text, to: width) + "\n" }
        let bar = ProgressBar(share: share, unicode: unicode).text(width: min(60, room))
        return TextStyle.green.applied(to: bar, color: color) + "  " + text + "\n"
    }

    private func rate(_ timeline: LoadTimeline, _ last: LoadPoint, _ width: Int) -> String {
        var parts: [String] = []
        parts += sent(last)
        parts.append("answered \(number(last.perSecond(last.completed)))/s")
        let waits = "in flight \(NumberText.grouped(last.inFlight)), late \(NumberText.grouped(last.waiting)), "
        let lag =
            outlook.model == .closed ? "" : "sent \(NumberText.latency(nanoseconds: last.scheduleLagP99)) late (p99), "
        let generator = "\(NumberText.decimal(last.processors, digits: 2)) processors"
        return line("rate", parts.joined(separator: "  "), width)
            + spark(timeline.recent.map { $0.perSecond($0.completed) }, width)
            + line("generator", waits + lag + generator, width)
    }

    /// What the plan asked for and got, and what followed from answers.
    private func sent(_ last: LoadPoint) -> [String] {
        let sent = "sent \(number(last.perSecond(last.sentOfPlan)))/s"
        var parts = [last.targetRate.map { sent + " of \(number($0))/s" } ?? sent]
        if last.followUps > 0 { parts.append("follow-ups \(number(last.perSecond(last.followUps)))/s") }
        return parts
    }

    private func latency(_ timeline: LoadTimeline, _ last: LoadPoint, _ width: Int) -> String {
        let now = last.latency
        let shown = [("p50", now.p50), ("p99", now.p99), ("max", now.max)]
        let text = shown.map { "\($0.0) \(NumberText.latency(nanoseconds: $0.1))" }.joined(separator: "  ")
        return line("latency", text, width)
            + spark(timeline.recent.map { Double($0.latency.p50) }, width, name: "p50")
            + spark(timeline.recent.map { Double($0.latency.p99) }, width, name: "p99")
    }

    private func spark(_ values: [Double], _ width: Int, name: String = "") -> String {
        line(name, Sparkline.text(values, width: min(60, width - LoadScreen.nameWidth), unicode: unicode), width)
    }

    private func outcomes(_ timeline: LoadTimeline, _ last: LoadPoint) -> TableLayout {
        let figures = timeline.figures
        let rows = zip(LoadOutcome.allCases, last.outcomes).compactMap { outcome, now -> [TableLayout.Cell]? in
            let total = figures.count(of: LoadGroup(outcome))
            guard now > 0 || total > 0 else { return nil }
            let style: TextStyle = outcome.isError ? .red : outcome.isRefusal ? .plain : .green
            return [
                .init(outcome.rawValue, style), .init(number(last.perSecond(now))), .init(NumberText.grouped(total)),
                .init(LoadRecord.share(figures.share(of: total))),
            ]
        }
        return TableLayout(
            columns: [
                .init("outcome"), .init("per second", .right), .init("total", .right), .init("share", .right),
            ],
            rows: rows
        )
    }

    private func judged(_ timeline: LoadTimeline, _ width: Int, _ color: Bool) -> String {
        thresholds.map { threshold in
            let value = threshold.metric.value(in: timeline.figures)
            let isCrossed = value.map { threshold.comparison.holds($0, threshold.limit) } ?? false
            let now = value.map { LoadValueText.text($0, threshold.metric.unit) } ?? "not measured yet"
            let text = DisplayWidth.fitted("fails if \(threshold.text): \(now)", to: width)
            let style: TextStyle = isCrossed ? .red : .dim
            return style.applied(to: text, color: color) + "\n"
        }.joined()
    }

    private func line(_ name: String, _ text: String, _ width: Int) -> String {
        let padding = String(repeating: " ", count: max(1, LoadScreen.nameWidth - DisplayWidth.of(name)))
        return DisplayWidth.fitted(name + padding + text, to: width) + "\n"
    }

    private func number(_ value: Double) -> String { NumberText.decimal(value, digits: 0) }
}
