import FlashSaleKit
import Foundation

/// The settings, what they are, and who says so.
struct ConfigurationReport: Report {
    struct Line: Equatable {
        var key: SettingKey
        /// Without secrets; nil when it is not set.
        var value: String?
        var origin: SettingOrigin
        /// Why the value cannot be used.
        var fault: String?
    }

    var lines: [Line]
    /// Files that are looked for, and whether each is there.
    var files: [(path: String, isFound: Bool)]
    /// Whether people see where values come from; programs always do.
    var showsOrigin: Bool
    /// The first address that cannot be used.
    var failure: CommandFailure?

    /// - Parameter local: whether the private stores of this machine are used, whatever the addresses say.
    init(configuration: FlashConfiguration, sources: ConfigurationSources, local: Bool, showsOrigin: Bool) {
        self.showsOrigin = showsOrigin
        files = sources.files.map { ($0, access($0, F_OK) == 0) }
        lines = []
        for setting in configuration.settings {
            var line = Line(key: setting.key, value: nil, origin: setting.origin)
            if local, setting.key == .redis || setting.key == .postgres {
                line.value = "the private one of this machine"
                line.origin = .flag("--local")
            } else {
                do {
                    line.value = try setting.shown()
                } catch {
                    let told = FailureReport.failure(for: error)
                    line.fault = told?.message ?? "cannot be used"
                    failure =
                        failure
                        ?? CommandFailure(
                            .badConfiguration,
                            "\(setting.origin): \(line.fault ?? "")",
                            nextStep: told?.nextStep
                        )
                }
            }
            lines.append(line)
        }
    }

    var data: DataValue {
        .fields([
            "settings": .list(
                lines.map { line in
                    .fields([
                        "name": .string(line.key.rawValue),
                        "value": .optional(line.value),
                        "origin": .string(line.origin.description),
                        "source": .string(ConfigurationReport.source(line.origin)),
                        "secret": .bool(line.key.isSecret),
                        "fault": .optional(line.fault),
                    ])
                }
            ),
            "files": .list(
                files.map { .fields(["path": .string($0.path), "found": .bool($0.isFound)]) }
            ),
        ])
    }

    /// The kind of the origin, in one word.
    private static func source(_ origin: SettingOrigin) -> String {
        switch origin {
        case .builtIn: "default"
        case .flag: "flag"
        case .environment: "environment"
        case .file: "file"
        }
    }

    var sections: [ReportSection] {
        let rows = lines.map { line -> [TableLayout.Cell] in
            let value =
                line.fault != nil
                ? TableLayout.Cell("cannot be used", .red)
                : line.value.map { .init($0) } ?? TableLayout.Cell("not set", .dim)
            let style: TextStyle = line.origin == .builtIn ? .dim : .plain
            let origin = TableLayout.Cell(line.origin.description, style)
            return [.init(line.key.rawValue), value] + (showsOrigin ? [origin] : [])
        }
        let columns: [TableLayout.Column] =
            [.init("setting"), .init("value")] + (showsOrigin ? [.init("origin")] : [])
        let settings = ReportSection.table(title: nil, TableLayout(columns: columns, rows: rows))
        guard showsOrigin else { return [settings] }
        let found = files.map { file -> [TableLayout.Cell] in
            [.init(file.path), file.isFound ? .init("read", .green) : .init("not found", .dim)]
        }
        let title = "Files, the first that has a setting counts; above them the environment, above that options"
        let looked = TableLayout(columns: [.init("file"), .init("state")], rows: found)
        return [settings, .table(title: title, looked)]
    }
}
