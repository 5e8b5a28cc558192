import FlashSaleKit

/// Rows of a store as they are.
struct RowsReport: Report, Sendable {
    var columns: [String]
    /// Nil is NULL.
    var rows: [[String?]]
    /// Whether there were more.
    var isCut = false

    init(columns: [String], rows: [[String?]]) {
        self.columns = columns
        self.rows = rows
    }

    /// The first rows of an answer of Postgres.
    init(_ answer: PostgresRows, most: Int) {
        columns = answer.columns
        isCut = answer.count > most
        rows = answer.prefix(most).map { row in
            (0..<row.count).map { column in
                // A column that is there and is not NULL has a text.
                row[column].isNull ? nil : (try? row[column].text) ?? ""
            }
        }
    }

    /// A reply of Redis: a line for each value, pairs of names and values side by side.
    init(_ reply: RedisReply) {
        columns = ["#", "value"]
        var lines: [(String, String?)] = []
        func add(_ reply: RedisReply, _ number: String) {
            switch reply {
            case .null: lines.append((number, nil))
            case .integer(let integer): lines.append((number, String(integer)))
            case .status(let text), .error(let text): lines.append((number, text))
            case .bulk(let bytes):
                let text = String(decoding: bytes, as: UTF8.self)
                let parts = text.split(separator: "\n", omittingEmptySubsequences: false)
                guard parts.count > 1 else { return lines.append((number, text)) }
                for part in parts where !part.isEmpty {
                    lines.append((number, part.hasSuffix("\r") ? String(part.dropLast()) : String(part)))
                }
            case .array(let elements):
                for (index, element) in elements.enumerated() {
                    add(element, number.isEmpty ? "\(index + 1)" : "\(number).\(index + 1)")
                }
            }
        }
        add(reply, "")
        rows = lines.map { [$0.0, $0.1] }
    }

    var data: DataValue {
        .list(
            rows.map { row in
                .record(zip(columns, row).map { DataValue.Field(name: $0, value: .optional($1)) })
            }
        )
    }

    var sections: [ReportSection] {
        let layout = TableLayout(
            columns: columns.indices.map { .init(columns[$0], isNumber($0) ? .right : .left) },
            rows: rows.map { row in row.map { .init($0 ?? "", $0 == nil ? .dim : .plain) } }
        )
        let count = "(\(NumberText.grouped(rows.count)) row\(rows.count == 1 ? "" : "s"))"
        return [.table(title: nil, layout), .paragraph(count)]
    }

    private func isNumber(_ column: Int) -> Bool {
        let values = rows.compactMap { $0[column] }
        return !values.isEmpty && values.allSatisfy { Double($0) != nil }
    }
}
