import FlashSaleKit

/// Pieces of a page. Whatever is not written here goes through ``escaped(_:)``.
enum Markup {
    /// Text as it may stand between tags and in attributes: nothing of it is markup, nothing of it is invisible or
    /// refused by a strict parser.
    static func escaped(_ text: String) -> String {
        var output = ""
        output.reserveCapacity(text.utf8.count)
        for scalar in VisibleText.shown(text).unicodeScalars {
            switch scalar {
            case "&": output += "&amp;"
            case "<": output += "&lt;"
            case ">": output += "&gt;"
            case "\"": output += "&quot;"
            case "'": output += "&#39;"
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output
    }

    /// A number in a drawing, to a tenth of a pixel.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        let tenths = Int((value * 10).rounded())
        let sign = tenths < 0 ? "-" : ""
        let fraction = tenths.magnitude % 10
        return sign + String(tenths.magnitude / 10) + (fraction == 0 ? "" : ".\(fraction)")
    }

    /// A table whose first column names the rows.
    static func table(caption: String, columns: [Column], rows: [[Cell]]) -> String {
        let head = columns.map { "<th scope=\"col\"\($0.isNumber ? " class=\"n\"" : "")>\(escaped($0.title))</th>" }
        let body = rows.map { row in
            let cells = row.enumerated().map { index, cell in
                var classes = index < columns.count && columns[index].isNumber ? ["n"] : []
                if let style = cell.style { classes.append(style) }
                let attribute = classes.isEmpty ? "" : " class=\"\(classes.joined(separator: " "))\""
                let inner = (cell.swatch.map { "<i class=\"swatch \($0)\"></i>" } ?? "") + escaped(cell.text)
                return index == 0 ? "<th scope=\"row\"\(attribute)>\(inner)</th>" : "<td\(attribute)>\(inner)</td>"
            }
            return "<tr>\(cells.joined())</tr>\n"
        }
        return """
            <div class="scroll"><table><caption>\(escaped(caption))</caption>
            <thead><tr>\(head.joined())</tr></thead>
            <tbody>
            \(body.joined())</tbody></table></div>

            """
    }

    struct Column: Sendable {
        var title: String
        var isNumber = true

        init(_ title: String, isNumber: Bool = true) {
            self.title = title
            self.isNumber = isNumber
        }
    }

    struct Cell: Sendable {
        var text: String
        /// `good` or `bad`.
        var style: String?
        /// Class of a coloured square before the text.
        var swatch: String?

        init(_ text: String, style: String? = nil, swatch: String? = nil) {
            self.text = text
            self.style = style
            self.swatch = swatch
        }
    }
}
