import FlashSaleKit

/// What answers say of a sale, as JSON that is ready to be copied.
struct SaleDisplay: Sendable {
    /// `,"item_name":…,"image_url":…`
    let receiptFragment: [UInt8]

    init(terms: SaleTerms) {
        let fragment =
            ",\"item_name\":\(JSONText.quoted(terms.itemName)),\"image_url\":\(JSONText.quoted(terms.imageURL))"
        receiptFragment = Array(fragment.utf8)
    }
}

/// Strings in JSON (RFC 8259, section 7).
enum JSONText {
    /// The text in quotes, with everything escaped that must be.
    static func quoted(_ text: String) -> String {
        var output = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case let control where control.value < 0x20:
                let hex = String(control.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output + "\""
    }
}
