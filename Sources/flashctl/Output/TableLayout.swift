/// A table for people: columns as wide as their content, the widest ones cut until the table fits the terminal. When
/// ids and times alone are too wide for it, each row is a block.
struct TableLayout: Sendable, Equatable {
    enum Alignment: Sendable, Equatable { case left, right }

    struct Column: Sendable, Equatable {
        var title: String
        var alignment: Alignment
        /// Whether half of it is worth nothing, as half of an id or a time: it is never cut.
        var isWhole: Bool

        init(_ title: String, _ alignment: Alignment = .left, isWhole: Bool = false) {
            self.title = title
            self.alignment = alignment
            self.isWhole = isWhole
        }
    }

    struct Cell: Sendable, Equatable, ExpressibleByStringLiteral {
        var text: String
        var style: TextStyle

        init(_ text: String, _ style: TextStyle = .plain) {
            self.text = DisplayWidth.harmless(text)
            self.style = style
        }

        init(stringLiteral text: String) { self.init(text) }
    }

    var columns: [Column]
    var rows: [[Cell]]

    private static let gap = 2
    private static let narrowest = 4

    func text(width: Int?, color: Bool) -> String {
        let widths = columnWidths(limit: width)
        if let width, columns.contains(where: \.isWhole), TableLayout.total(widths) > width {
            return blocks(width: width, color: color)
        }
        var output = line(columns.map { Cell($0.title, .bold) }, widths: widths, color: color)
        output += widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ") + "\n"
        for row in rows { output += line(row, widths: widths, color: color) }
        return output
    }

    /// Whether cells would have to be cut.
    func isWider(than width: Int?) -> Bool {
        guard let width else { return false }
        return TableLayout.total(columnWidths(limit: nil)) > width
    }

    /// Each row as a block, a line for each column.
    func blocks(width: Int?, color: Bool) -> String {
        let longest = columns.map { DisplayWidth.of($0.title) }.max() ?? 0
        var output = ""
        for (number, row) in rows.enumerated() {
            output += TextStyle.dim.applied(
                to: "-[ \(number + 1) ]" + String(repeating: "-", count: longest),
                color: color
            )
            output += "\n"
            for (column, cell) in zip(columns, row) {
                let gap = String(repeating: " ", count: longest - DisplayWidth.of(column.title))
                let room = column.isWhole ? nil : width.map { max(8, $0 - longest - 3) }
                let text = room.map { DisplayWidth.fitted(cell.text, to: $0) } ?? cell.text
                output += TextStyle.bold.applied(to: column.title, color: color) + gap + " | "
                output += cell.style.applied(to: text, color: color) + "\n"
            }
        }
        return output
    }

    private func columnWidths(limit: Int?) -> [Int] {
        var widths = columns.indices.map { index in
            rows.reduce(DisplayWidth.of(columns[index].title)) { widest, row in
                index < row.count ? max(widest, DisplayWidth.of(row[index].text)) : widest
            }
        }
        guard let limit else { return widths }
        var excess = TableLayout.total(widths) - limit
        let narrowable = widths.indices.filter { !columns[$0].isWhole }
        while excess > 0 {
            guard let widest = narrowable.max(by: { widths[$0] < widths[$1] }),
                widths[widest] > TableLayout.narrowest
            else { break }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }

    private static func total(_ widths: [Int]) -> Int { widths.reduce(0, +) + gap * max(0, widths.count - 1) }

    private func line(_ cells: [Cell], widths: [Int], color: Bool) -> String {
        var parts: [String] = []
        for (index, cell) in cells.enumerated() where index < widths.count {
            let text = DisplayWidth.fitted(cell.text, to: widths[index])
            let padding = String(repeating: " ", count: max(0, widths[index] - DisplayWidth.of(text)))
            let styled = cell.style.applied(to: text, color: color)
            switch columns[index].alignment {
            case .right: parts.append(padding + styled)
            // Nothing follows the last column, so nothing has to be filled up.
            case .left: parts.append(index == cells.count - 1 ? styled : styled + padding)
            }
        }
        return parts.joined(separator: "  ") + "\n"
    }
}
