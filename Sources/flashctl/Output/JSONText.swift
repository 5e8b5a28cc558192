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
        case .string(let string): append(string: string, to: &output)
        case .list(let elements):
            append(elements, in: ("[", "]"), indentation: indentation, to: &output) { element, inner, output in
                append(element, indentation: inner, to: &output)
            }
        case .record(let fields):
            append(fields, in: ("{", "}"), indentation: indentation, to: &output) { field, inner, output in
                append(string: field.name, to: &output)
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

    private static func append(string: String, to output: inout String) {
        output += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            // U+007F…U+009F steer terminals too.
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
                let digits = String(scalar.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: output.unicodeScalars.append(scalar)
            }
        }
        output += "\""
    }
}
