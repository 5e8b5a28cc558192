import Foundation
import Testing

/// A Grafana dashboard, as far as it must be right to be imported and shown.
struct Dashboard {
    let members: [String: Any]

    init(_ text: String) throws {
        members = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    /// All panels, those of collapsed rows included.
    var panels: [[String: Any]] {
        let top = members["panels"] as? [[String: Any]] ?? []
        return top.flatMap { [$0] + ($0["panels"] as? [[String: Any]] ?? []) }
    }

    var variables: [[String: Any]] {
        (members["templating"] as? [String: Any])?["list"] as? [[String: Any]] ?? []
    }

    /// The expressions of panels and annotations, with the variables of Grafana filled in.
    var expressions: [String] {
        let annotations = (members["annotations"] as? [String: Any])?["list"] as? [[String: Any]] ?? []
        let targets = panels.flatMap { $0["targets"] as? [[String: Any]] ?? [] }
        return (annotations + targets).compactMap { $0["expr"] as? String }.map(Dashboard.filled)
    }

    private static func filled(_ expression: String) -> String {
        expression.replacing("$__rate_interval", with: "1m").replacing("$job", with: "flashctl")
            .replacing("$instance", with: ".+")
    }

    /// What keeps it from being shown as it is meant, one sentence each.
    var faults: [String] {
        identityFaults + placeFaults + panels.filter { $0["type"] as? String != "row" }.flatMap(Dashboard.faults)
    }

    private var identityFaults: [String] {
        var faults: [String] = []
        for name in ["uid", "title", "schemaVersion", "time", "refresh"] where members[name] == nil {
            faults.append("there is no \(name)")
        }
        if !(members["id"] is NSNull) { faults.append("an id belongs to one Grafana") }
        let ids = panels.compactMap { $0["id"] as? Int }
        if ids.count != panels.count { faults.append("a panel has no id") }
        if Set(ids).count != ids.count { faults.append("two panels have the same id") }
        let source = variables.first { $0["name"] as? String == "DS_PROMETHEUS" }
        if source?["type"] as? String != "datasource" || source?["query"] as? String != "prometheus" {
            faults.append("there is no variable for the data source")
        }
        return faults
    }

    /// Panels outside of the 24 columns, or on top of each other.
    private var placeFaults: [String] {
        var faults: [String] = []
        var taken: [[Int]: String] = [:]
        for panel in panels {
            let title = panel["title"] as? String ?? "a panel without a title"
            let place = panel["gridPos"] as? [String: Int] ?? [:]
            guard let x = place["x"], let y = place["y"], let width = place["w"], let height = place["h"], width > 0,
                height > 0, x >= 0, y >= 0, x + width <= 24
            else {
                faults.append("\(title) has no place in the grid")
                continue
            }
            for column in x..<x + width {
                for row in y..<y + height {
                    if let other = taken.updateValue(title, forKey: [column, row]), other != title {
                        faults.append("\(title) covers \(other)")
                    }
                }
            }
        }
        return Array(Set(faults)).sorted()
    }

    private static func faults(of panel: [String: Any]) -> [String] {
        let title = panel["title"] as? String ?? ""
        var faults: [String] = []
        if title.isEmpty { faults.append("a panel has no title") }
        if (panel["description"] as? String ?? "").isEmpty { faults.append("\(title) has no description") }
        let targets = panel["targets"] as? [[String: Any]] ?? []
        if targets.isEmpty { faults.append("\(title) asks nothing") }
        let references = targets.compactMap { $0["refId"] as? String }
        if references.count != targets.count || Set(references).count != references.count {
            faults.append("\(title) has two queries of the same name")
        }
        for source in [panel["datasource"]] + targets.map({ $0["datasource"] }) {
            let source = source as? [String: String] ?? [:]
            if source["type"] != "prometheus" || source["uid"] != "${DS_PROMETHEUS}" {
                faults.append("\(title) does not ask the chosen data source")
            }
        }
        return faults
    }
}
