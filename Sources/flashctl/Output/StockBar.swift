/// The units of a sale as a bar: sold, held, free. What is there is seen: a part of a single unit has a column too.
struct StockBar: SectionLayout, Equatable {
    var sold: Int
    var held: Int
    var free: Int
    /// Whether it may be drawn with block characters.
    var unicode: Bool

    /// Columns off a terminal.
    private static let usualWidth = 60
    private static let narrowest = 8

    private struct Part {
        var name: String
        var units: Int
        var style: TextStyle
        var block: Character
        var sign: Character
    }

    private var parts: [Part] {
        [
            Part(name: "sold", units: sold, style: .green, block: "█", sign: "#"),
            Part(name: "held", units: held, style: .yellow, block: "▒", sign: "+"),
            Part(name: "free", units: free, style: .dim, block: "░", sign: "."),
        ]
    }

    /// The columns of sold, held and free units in a bar of `width` columns; together they are all of them, or none
    /// when there is no unit.
    func columns(width: Int) -> [Int] {
        let units = parts.map { max(0, $0.units) }
        let total = units.reduce(0, +)
        guard total > 0, width > 0 else { return [0, 0, 0] }
        let exact = units.map { Double($0) / Double(total) * Double(width) }
        var columns = zip(units, exact).map { units, exact in units == 0 ? 0 : max(1, Int(exact)) }
        // What rounding has left goes to the part that misses most; what it has taken too much, to the widest.
        while columns.reduce(0, +) < width {
            let gaps = zip(exact, columns).map { $0 - Double($1) }
            guard let index = gaps.indices.max(by: { gaps[$0] < gaps[$1] }) else { break }
            columns[index] += 1
        }
        while columns.reduce(0, +) > width {
            guard let index = columns.indices.max(by: { columns[$0] < columns[$1] }) else { break }
            columns[index] -= 1
        }
        return columns
    }

    func text(width: Int?, color: Bool) -> String {
        let room = max(StockBar.narrowest, min(width ?? StockBar.usualWidth, 100)) - 2
        let columns = columns(width: room)
        let bar = zip(parts, columns).map { part, count in
            part.style.applied(to: String(repeating: unicode ? part.block : part.sign, count: count), color: color)
        }
        let empty = String(repeating: " ", count: room - columns.reduce(0, +))
        return "[" + bar.joined() + empty + "]\n" + legend(width: width, color: color) + "\n"
    }

    /// Names and numbers, with the shares when there is room for them.
    private func legend(width: Int?, color: Bool) -> String {
        let total = parts.reduce(0) { $0 + max(0, $1.units) }
        func words(shares: Bool) -> [(text: String, style: TextStyle)] {
            parts.map { part in
                let sign = unicode ? part.block : part.sign
                var text = "\(sign) \(NumberText.grouped(part.units)) \(part.name)"
                if shares, total > 0 {
                    text += " (\(NumberText.decimal(100 * Double(part.units) / Double(total), digits: 1)) %)"
                }
                return (text, part.style)
            }
        }
        func plain(_ words: [(text: String, style: TextStyle)]) -> String {
            words.map(\.text).joined(separator: "  ")
        }
        let full = words(shares: true)
        guard let width, DisplayWidth.of(plain(full)) > width else { return StockBar.styled(full, color: color) }
        let short = words(shares: false)
        guard DisplayWidth.of(plain(short)) > width else { return StockBar.styled(short, color: color) }
        return DisplayWidth.fitted(plain(short), to: width)
    }

    private static func styled(_ words: [(text: String, style: TextStyle)], color: Bool) -> String {
        words.map { $0.style.applied(to: $0.text, color: color) }.joined(separator: "  ")
    }
}
