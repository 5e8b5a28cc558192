import FlashSaleKit

/// JSON of a ``DataValue``: two spaces a level, or one line.
enum JSONText {
    static func pretty(_ value: DataValue) -> String {
        var output = ""
        append(value, indentation: 0, to: &output)
        return output
    }

    static func line(_ value: DataValue) -> String {
        var output = ""
        append(value, indentation: nil, to: &output)
        return output
    }

    private static func append(_ value: DataValue, indentation: Int?, to output: inout String) {
        switch value {
        case .null: output += "null"
        case .bool(let bool): output += bool ? "true" : "false"
        case .integer(let integer): output += String(integer)
        // JSON knows neither infinity nor NaN.
        case .double(let double): output += double.isFinite ? String(double) : "null"
        case .string(let string): output += JSONString.quoted(string)
        case .list(let elements):
            append(elements, in: ("[", "]"), indentation: indentation, to: &output) { element, inner, output in
                append(element, indentation: inner, to: &output)
            }
        case .record(let fields):
            append(fields, in: ("{", "}"), indentation: indentation, to: &output) { field, inner, output in
                output += JSONString.quoted(field.name)
                output += inner == nil ? ":" : ": "
                append(field.value, indentation: inner, to: &output)
            }
        }
    }

    private static func append<Element>(
        _ elements: [Element],
        in brackets: (open: String, close: String),
        indentation: Int?,
        to output: inout String,
        body: (Element, Int?, inout String) -> Void
    ) {
        output += brackets.open
        let inner = indentation.map { $0 + 2 }
        for (index, element) in elements.enumerated() {
            if index > 0 { output += "," }
            if let inner { output += "\n" + String(repeating: " ", count: inner) }
            body(element, inner, &output)
        }
        if let indentation, !elements.isEmpty { output += "\n" + String(repeating: " ", count: indentation) }
        output += brackets.close
    }
}
