import Glibc
import Yams

/// The settings of one YAML or JSON file, each with its line. JSON is read as the YAML that it is, so that errors in
/// both name a line.
struct ConfigurationFile {
    /// A scalar as written and where it stands.
    struct Entry: Equatable {
        var text: String
        var line: Int
    }

    /// Larger files are no configuration.
    static let maximumBytes = 256 * 1024
    /// File names that are looked for in a folder.
    static let names = ["config.yaml", "config.yml", "config.json"]

    let path: String
    private(set) var entries: [SettingKey: Entry] = [:]

    /// Reads and checks a file that must exist.
    init(path: String) throws(ConfigurationError) {
        let bytes = try ConfigurationFile.bytes(of: path)
        guard bytes.count <= ConfigurationFile.maximumBytes, let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(
                .syntax,
                "\(path) is no configuration file: more than \(ConfigurationFile.maximumBytes) bytes, or not UTF-8",
                nextStep: "give a YAML or JSON file"
            )
        }
        try self.init(path: path, text: text)
    }

    /// Checks the text of a file.
    init(path: String, text: String) throws(ConfigurationError) {
        self.path = path
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw ConfigurationError(
                .syntax,
                "\(path) is neither YAML nor JSON: \(ConfigurationFile.oneLine(error))",
                nextStep: "correct the line that it names"
            )
        }
        // An empty file sets nothing.
        guard let root, root.null == nil else { return }
        guard let mapping = root.mapping else {
            throw ConfigurationError(
                .syntax,
                "\(path) does not hold settings but a list or a single value",
                nextStep: "write one `key: value` a line"
            )
        }
        try read(mapping, prefix: "")
    }

    /// The file of a folder, nil when there is none.
    static func find(in folder: String) throws(ConfigurationError) -> ConfigurationFile? {
        let found = names.map { folder + "/" + $0 }.filter { access($0, F_OK) == 0 }
        if found.count > 1 {
            throw ConfigurationError(
                .badValue,
                "there are several configuration files: \(found.joined(separator: " and "))",
                nextStep: "keep one of them"
            )
        }
        guard let path = found.first else { return nil }
        return try ConfigurationFile(path: path)
    }

    private mutating func read(_ mapping: Node.Mapping, prefix: String) throws(ConfigurationError) {
        for (key, value) in mapping {
            let name = prefix + (key.string ?? "?")
            let line = key.mark?.line ?? 1
            if prefix.isEmpty, let group = value.mapping, SettingKey.groups.contains(name) {
                try read(group, prefix: name + ".")
                continue
            }
            guard let setting = SettingKey(rawValue: name) else { throw unknown(name, line: line) }
            guard let scalar = value.scalar else {
                throw ConfigurationError(
                    .badValue,
                    "\(path):\(line): \(name) takes a single value, not a list or a group",
                    nextStep: "write `\(name): value`"
                )
            }
            entries[setting] = Entry(text: scalar.string, line: line)
        }
    }

    private func unknown(_ name: String, line: Int) -> ConfigurationError {
        let names = SettingKey.allCases.map(\.rawValue)
        let suggestion = Suggestion.nearest(to: name, among: names).map { "did you mean `\($0)`?" }
        return ConfigurationError(
            .unknownKey,
            "\(path):\(line): there is no setting `\(name)`",
            nextStep: suggestion ?? "the settings are: \(names.joined(separator: ", "))"
        )
    }

    private static func oneLine(_ error: any Error) -> String {
        String(describing: error).split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    /// The bytes of the file, at most one more than allowed.
    private static func bytes(of path: String) throws(ConfigurationError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        defer { if file >= 0 { close(file) } }
        var bytes = [UInt8](repeating: 0, count: maximumBytes + 1)
        var filled = 0
        while file >= 0, filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes {
                Glibc.read(file, $0.baseAddress.map { $0 + filled }, $0.count - filled)
            }
            if count == 0 { return Array(bytes[..<filled]) }
            if count < 0, errno == EINTR { continue }
            if count < 0 { break }
            filled += count
        }
        if filled == bytes.count { return bytes }
        throw ConfigurationError(
            .unreadable,
            "cannot read the configuration file \(path): \(String(cString: strerror(errno)))",
            nextStep: "check the path and its permissions"
        )
    }
}

extension SettingKey {
    /// The names before the dot.
    static let groups = Set(allCases.compactMap { $0.rawValue.split(separator: ".").dropLast().first.map(String.init) })
}
