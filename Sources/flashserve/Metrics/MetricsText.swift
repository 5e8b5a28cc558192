/// The text format of Prometheus, version 0.0.4: families with a help line, a type, and one line for each series.
struct MetricsText {
    enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    typealias Label = (name: String, value: String)

    /// One set of buckets with its sum and its count.
    struct Histogram {
        /// Upper ends, and how many values are not above each.
        var buckets: [(bound: Double, cumulative: Int)] = []
        var sum: Double
        var count: Int

        init(sum: Double, count: Int) {
            self.sum = sum
            self.count = count
        }
    }

    private(set) var text = ""

    /// What goes into the header of an answer.
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// A family with a single series.
    mutating func add(_ kind: Kind, _ name: StaticString, _ help: StaticString, _ value: Double) {
        add(kind, name, help, [([], value)])
    }

    /// A family with a series for each set of labels; nothing is written for a family without any.
    mutating func add(_ kind: Kind, _ name: StaticString, _ help: StaticString, _ series: [([Label], Double)]) {
        guard !series.isEmpty else { return }
        begin(kind, name, help)
        for (labels, value) in series { line("\(name)", labels, value) }
    }

    /// A family of histograms, one for each set of labels; nothing is written for a family without any.
    mutating func add(_ name: StaticString, _ help: StaticString, _ series: [([Label], Histogram)]) {
        guard !series.isEmpty else { return }
        begin(.histogram, name, help)
        for (labels, histogram) in series {
            for (bound, cumulative) in histogram.buckets {
                line("\(name)_bucket", labels + [("le", MetricsText.number(bound))], Double(cumulative))
            }
            line("\(name)_bucket", labels + [("le", "+Inf")], Double(histogram.count))
            line("\(name)_sum", labels, histogram.sum)
            line("\(name)_count", labels, Double(histogram.count))
        }
    }

    private mutating func begin(_ kind: Kind, _ name: StaticString, _ help: StaticString) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    private mutating func line(_ name: String, _ labels: [Label], _ value: Double) {
        text += name
        if !labels.isEmpty {
            let pairs = labels.map { "\($0.name)=\"\(MetricsText.escaped($0.value))\"" }
            text += "{\(pairs.joined(separator: ","))}"
        }
        text += " \(MetricsText.number(value))\n"
    }

    /// A whole number without a point, so that large counters are exact.
    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 9e15 ? "\(Int64(value))" : "\(value)"
    }

    private static func escaped(_ value: String) -> String {
        var output = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": output += "\\\\"
            case "\"": output += "\\\""
            case "\n": output += "\\n"
            default: output.unicodeScalars.append(character)
            }
        }
        return output
    }
}
