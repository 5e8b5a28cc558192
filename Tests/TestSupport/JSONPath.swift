import Foundation

/// A value inside JSON text, e.g. `json(text, "sale", "id")`; nil when there is none.
package func json(_ text: String, _ path: String...) throws -> Any? {
    var value: Any? = try JSONSerialization.jsonObject(with: Data(text.utf8))
    for name in path { value = (value as? [String: Any])?[name] }
    return value
}
