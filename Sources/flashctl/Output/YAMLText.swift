import Yams

/// YAML of a ``DataValue``.
enum YAMLText {
    static func text(_ value: DataValue) throws -> String {
        try Yams.serialize(node: node(value), allowUnicode: true)
    }

    private static func node(_ value: DataValue) -> Node {
        switch value {
        case .null: Node("null", Tag(.null))
        case .bool(let bool): Node(bool ? "true" : "false", Tag(.bool))
        case .integer(let integer): Node(String(integer), Tag(.int))
        case .double(let double): double.isFinite ? Node(String(double), Tag(.float)) : Node("null", Tag(.null))
        // Quoted always: a user may be called `no` or `1e3`.
        case .string(let string): Node(string, Tag(.str), .doubleQuoted)
        case .list(let elements): Node(elements.map(node), Tag(.seq), elements.isEmpty ? .flow : .block)
        case .record(let fields):
            Node(fields.map { (Node($0.name), node($0.value)) }, Tag(.map), fields.isEmpty ? .flow : .block)
        }
    }
}
