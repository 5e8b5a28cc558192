import Foundation

/// An earlier load test, read back from what `-o json` wrote: its metrics by name, and what has to be the same for a
/// comparison to mean something.
struct LoadBaseline: Sendable, Equatable {
    var path: String
    var startedAt: String
    var title: String
    /// Values in the unit of the metric.
    var metrics: [String: Double]
    /// Names and values of the plan and of the machine.
    var circumstances: [String: String]

    /// Longest file that is read, in bytes: a timeline has at most 1,800 points.
    static let longestFile = 64 << 20

    /// Reads a file.
    ///
    /// - Throws: ``CommandFailure`` of bad input when there is none, or it holds something else.
    init(contentsOf path: String) throws(CommandFailure) {
        let shown = DisplayWidth.harmless(path)
        var isFolder = ObjCBool(false)
        let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        guard isThere, !isFolder.boolValue, let handle = FileHandle(forReadingAtPath: path),
            let data = try? handle.read(upToCount: LoadBaseline.longestFile + 1)
        else {
            let reason =
                !isThere
                ? "there is no such file"
                : isFolder.boolValue ? "it is a folder" : "it is empty, or its permissions do not allow it"
            throw CommandFailure(
                .badInput,
                "cannot read --compare \(shown): \(reason)",
                nextStep: "give a file that `flashctl loadtest -o json` wrote"
            )
        }
        try self.init(data, path: shown)
    }

    init(_ data: Data, path: String) throws(CommandFailure) {
        func foreign(_ why: String) -> CommandFailure {
            CommandFailure(
                .badInput,
                "--compare \(path) is no result of a load test: \(why)",
                nextStep: "give a file that `flashctl loadtest -o json` wrote"
            )
        }
        guard data.count <= LoadBaseline.longestFile else { throw foreign("it is larger than 64 MiB") }
        guard let object = try? JSONSerialization.jsonObject(with: data), let root = object as? [String: Any] else {
            throw foreign("it is no JSON object")
        }
        guard root["kind"] as? String == "loadtest", let version = root["schema_version"] as? Int else {
            throw foreign("it has no \"kind\": \"loadtest\"")
        }
        guard version == LoadRecord.schemaVersion else {
            throw foreign("it has schema version \(version), this flashctl reads \(LoadRecord.schemaVersion)")
        }
        guard let metrics = root["metrics"] as? [String: Any] else { throw foreign("it has no metrics") }
        self.path = path
        self.metrics = metrics.compactMapValues { ($0 as? NSNumber)?.doubleValue }
        let provenance = root["provenance"] as? [String: Any] ?? [:]
        title = DisplayWidth.harmless(root["title"] as? String ?? "")
        startedAt = DisplayWidth.harmless(provenance["started_at"] as? String ?? "")
        circumstances = LoadBaseline.circumstances(root, provenance)
    }

    private static func circumstances(_ root: [String: Any], _ provenance: [String: Any]) -> [String: String] {
        var all = ["title": root["title"], "model": root["model"], "kernel": provenance["kernel"]]
        all["version"] = provenance["version"]
        all["processor"] = provenance["processor"]
        var texts = all.compactMapValues { $0 as? String }
        if let cores = provenance["cores"] as? Int { texts["cores"] = String(cores) }
        for fact in root["plan"] as? [[String: Any]] ?? [] {
            if let name = fact["name"] as? String, let value = fact["value"] as? String { texts[name] = value }
        }
        for store in provenance["stores"] as? [[String: Any]] ?? [] {
            let settings = store["settings"] as? [[String: Any]] ?? []
            for setting in settings {
                guard let name = setting["name"] as? String, let value = setting["value"] as? String else { continue }
                texts[name] = value
            }
        }
        return texts
    }
}
