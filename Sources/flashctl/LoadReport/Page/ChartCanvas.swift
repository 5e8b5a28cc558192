/// A drawing of one size: a frame with axes, into which a chart puts lines and areas. Classes name the colours; the
/// page's style says which those are in light and dark.
struct ChartCanvas {
    /// Every chart is drawn twice: for a desk, and for a telephone, where letters must not shrink with the picture.
    enum Size: String, CaseIterable, Sendable {
        case wide, narrow

        var width: Double { self == .wide ? 920 : 380 }
        /// Room for direct labels at the right end; the longest is "already_purchased".
        var right: Double { self == .wide ? 150 : 122 }
        var left: Double { self == .wide ? 64 : 56 }
        var timeTicks: Int { self == .wide ? 10 : 5 }
        /// Points that a line has at most.
        var longestLine: Int { self == .wide ? 320 : 160 }
    }

    let size: Size
    let height: Double
    let x: AxisScale
    let y: AxisScale
    private(set) var body = ""

    private let top = 26.0
    private let bottom = 38.0

    init(_ size: Size, height: Double, x: AxisScale, y: AxisScale) {
        self.size = size
        self.height = height
        self.x = x
        self.y = y
    }

    var plotBottom: Double { height - bottom }

    func placeX(_ value: Double) -> Double { size.left + x.position(value) * (size.width - size.left - size.right) }
    func placeY(_ value: Double) -> Double { plotBottom - y.position(value) * (plotBottom - top) }

    /// Faint lines with their values at the left, the time or the values below, and what both are.
    mutating func axes(yTitle: String, xTitle: String, yText: (Double) -> String, xText: (Double) -> String) {
        let right = size.width - size.right
        for tick in y.ticks {
            let place = placeY(tick)
            line("grid", size.left, place, right, place)
            text(yText(tick), x: size.left - 8, y: place + 4, anchor: "end", "tick")
        }
        for tick in x.ticks {
            let place = placeX(tick)
            line("mark", place, plotBottom, place, plotBottom + 5)
            text(xText(tick), x: place, y: plotBottom + 18, anchor: "middle", "tick")
        }
        text(yTitle, x: 2, y: 12, anchor: "start", "axis")
        text(xTitle, x: right, y: height - 4, anchor: "end", "axis")
    }

    /// A line through these points.
    mutating func line(_ points: [(x: Double, y: Double)], _ style: String) {
        guard !points.isEmpty else { return }
        let places = points.map { "\(Markup.number(placeX($0.x))) \(Markup.number(placeY($0.y)))" }
        body += "<path class=\"line \(style)\" d=\"M\(places.joined(separator: "L"))\"/>\n"
    }

    /// The area between two lines over the same points.
    mutating func area(_ points: [(x: Double, low: Double, high: Double)], _ style: String) {
        guard !points.isEmpty else { return }
        let upper = points.map { "\(Markup.number(placeX($0.x))) \(Markup.number(placeY($0.high)))" }
        let lower = points.reversed().map { "\(Markup.number(placeX($0.x))) \(Markup.number(placeY($0.low)))" }
        body += "<path class=\"area \(style)\" d=\"M\((upper + lower).joined(separator: "L"))Z\"/>\n"
    }

    mutating func line(_ style: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) {
        let places = zip(["x1", "y1", "x2", "y2"], [x1, y1, x2, y2]).map { "\($0)=\"\(Markup.number($1))\"" }
        body += "<line class=\"\(style)\" \(places.joined(separator: " "))/>\n"
    }

    /// Nothing for an empty text.
    mutating func text(_ text: String, x: Double, y: Double, anchor: String, _ style: String) {
        guard !text.isEmpty else { return }
        body +=
            "<text class=\"\(style)\" x=\"\(Markup.number(x))\" y=\"\(Markup.number(y))\" "
            + "text-anchor=\"\(anchor)\">\(Markup.escaped(text))</text>\n"
    }

    mutating func dot(_ style: String, x: Double, y: Double) {
        body +=
            "<circle class=\"\(style)\" cx=\"\(Markup.number(placeX(x)))\" cy=\"\(Markup.number(placeY(y)))\" "
            + "r=\"4\"/>\n"
    }

    /// Shades what is no part of the measurement.
    mutating func shade(to end: Double, _ label: String) {
        let width = placeX(end) - size.left
        guard width > 0 else { return }
        body +=
            "<rect class=\"shade\" x=\"\(Markup.number(size.left))\" y=\"\(Markup.number(top))\" "
            + "width=\"\(Markup.number(width))\" height=\"\(Markup.number(plotBottom - top))\"/>\n"
        // Below the axis: above it, lines and areas would cover it.
        text(label, x: size.left, y: plotBottom + 34, anchor: "start", "axis")
    }

    /// Names at the right ends of lines: beside the ends as far as they do not cover each other.
    mutating func labels(_ labels: [(text: String, y: Double, style: String)]) {
        let step = 15.0
        var places = labels.map { (label: $0, place: placeY($0.y) + 4) }.sorted { $0.place < $1.place }
        for index in places.indices.dropFirst() {
            places[index].place = max(places[index].place, places[index - 1].place + step)
        }
        // The stack may not hang out below.
        var limit = plotBottom + 4
        for index in places.indices.reversed() {
            places[index].place = min(places[index].place, limit)
            limit = places[index].place - step
        }
        for (label, place) in places {
            text(label.text, x: size.width - size.right + 6, y: place, anchor: "start", "label \(label.style)")
        }
    }

    /// The drawing with its name and what it shows, for those who cannot see it.
    func svg(id: String, title: String, description: String) -> String {
        let name = "\(id)-\(size.rawValue)"
        return """
            <svg class="\(size.rawValue)" viewBox="0 0 \(Markup.number(size.width)) \(Markup.number(height))" \
            role="img" aria-labelledby="\(name)-title \(name)-desc">
            <title id="\(name)-title">\(Markup.escaped(title))</title>
            <desc id="\(name)-desc">\(Markup.escaped(description))</desc>
            \(body)</svg>

            """
    }
}
