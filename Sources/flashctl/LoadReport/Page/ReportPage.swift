/// A load test as one HTML file that needs nothing else: no script, no letter, no picture from elsewhere. It is XML,
/// too, so that a strict parser can check it.
struct ReportPage {
    let record: LoadRecord

    /// The whole file.
    var html: String {
        let title = Markup.escaped("Load test \(record.title), \(record.provenance.startedAt.rfc3339)")
        return """
            <!DOCTYPE html>
            <html xmlns="http://www.w3.org/1999/xhtml" lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/>
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
            <title>\(title)</title>
            <style>
            \(PageStyle.css)</style>
            </head>
            <body>
            \(header)<main>
            \(verdict)\(headlines)\(charts.map(\.html).joined())\(tables)\(provenance)</main>
            <footer>Written by flashctl \(Markup.escaped(record.provenance.version)). Percentiles come from \
            HdrHistograms of three digits; where a point covers several seconds, its percentiles are at most 1/32 \
            too high.</footer>
            </body>
            </html>

            """
    }

    /// The charts that there are numbers for, in the order of the page.
    var charts: [Chart] {
        let time = TimeCharts(record)
        let knee = record.search.map { KneeChart(search: $0).chart }
        let all = [
            knee, time.rate, time.latency, DistributionChart(record).chart, time.outcomes, time.stock, time.backlog,
        ]
        return all.compactMap(\.self)
    }

    private var header: String {
        """
        <header>
        <h1>Load test: \(Markup.escaped(record.title))</h1>
        <p class="lead">\(Markup.escaped(record.target)), \(Markup.escaped(record.provenance.startedAt.rfc3339)). \
        Model \(Markup.escaped(record.model.explanation)).</p>
        </header>

        """
    }

    private var verdict: String {
        let style =
            switch record.verdict.style {
            case .green: "good"
            case .yellow: "warn"
            default: "bad"
            }
        let reasons = record.verdict.reasons.map { "<li>\(Markup.escaped($0))</li>" }.joined(separator: "\n")
        let text = reasons.isEmpty ? Markup.escaped(record.verdict.text) : "<ul>\n\(reasons)\n</ul>"
        return """
            <section class="verdict \(style)" aria-label="Verdict">
            <b>\(Markup.escaped(record.verdict.word))</b>\(text)
            </section>

            """
    }

    private var headlines: String {
        let colors = ["o-purchased", "o-held", "o-sold_out"]
        let blocks = zip(LoadRecord.headlines, colors).map { headline, color in
            let count = record.figures.count(of: headline.group)
            let latency = record.figures.latency(of: headline.group)
            let times = latency.map { histogram in
                [("p50", 50), ("p99", 99.0)].map {
                    "\($0.0) \(NumberText.latency(nanoseconds: histogram.valueAtPercentile($0.1)))"
                }.joined(separator: ", ")
            }
            return """
                <div><dt><i class="swatch \(color)"></i>\(Markup.escaped(headline.name))</dt>
                <dd class="big">\(LoadValueText.number(record.figures.perSecond(count).rounded()))/s</dd>
                <dd class="small">\(NumberText.grouped(count)) in all</dd>
                <dd class="small">\(Markup.escaped(times ?? "nothing was measured"))</dd></div>

                """
        }
        return "<dl class=\"headlines\">\n\(blocks.joined())</dl>\n"
    }

    private static func section(_ title: String, _ content: String) -> String {
        "<section>\n<h2>\(Markup.escaped(title))</h2>\n\(content)</section>\n"
    }

    static func section(_ title: String, facts: [LoadRecord.Fact]) -> String {
        let rows = facts.map {
            "<tr><th scope=\"row\">\(Markup.escaped($0.name))</th><td>\(Markup.escaped($0.value))</td></tr>\n"
        }
        return section(title, "<table class=\"facts\"><tbody>\n\(rows.joined())</tbody></table>\n")
    }

    static func section(
        _ title: String,
        caption: String,
        columns: [Markup.Column],
        rows: [[Markup.Cell]]
    ) -> String {
        section(title, Markup.table(caption: caption, columns: columns, rows: rows))
    }
}
