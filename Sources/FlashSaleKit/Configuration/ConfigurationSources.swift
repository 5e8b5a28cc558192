/// Everything that settings are read from; handed in, so that a test reads neither the machine's files nor its
/// environment.
public struct ConfigurationSources: Sendable {
    /// Options given on the command line, as text.
    public var flags: [SettingKey: String]
    /// The environment of the process.
    public var environment: [String: String]
    /// The file of `--config`; it must exist.
    public var file: String?
    /// Folder of the machine's configuration.
    public var systemFolder: String

    /// Sources of a process.
    public init(
        flags: [SettingKey: String] = [:],
        environment: [String: String],
        file: String? = nil,
        systemFolder: String = "/etc/flashctl"
    ) {
        self.flags = flags
        self.environment = environment
        self.file = file
        self.systemFolder = systemFolder
    }

    /// `$XDG_CONFIG_HOME/flashctl`, by default `~/.config/flashctl`; nil in cron's bare environment without a home.
    var userFolder: String? {
        // The XDG base directory specification says that a relative path is to be ignored.
        if let base = environment["XDG_CONFIG_HOME"], base.hasPrefix("/") { return base + "/flashctl" }
        return environment["HOME"].flatMap { $0.isEmpty ? nil : $0 + "/.config/flashctl" }
    }

    /// The files that are looked for, the one that counts most first; in one folder there may be one of them.
    public var files: [String] {
        let folders = [userFolder, systemFolder].compactMap(\.self)
        return [file].compactMap(\.self)
            + folders.flatMap { folder in ConfigurationFile.names.map { "\(folder)/\($0)" } }
    }

    /// A text and its origin.
    typealias Found = (text: String, origin: SettingOrigin)

    /// What each source says, highest precedence first; fails for a name that no setting has.
    func layers() throws(ConfigurationError) -> [[SettingKey: Found]] {
        var layers = [flagLayer(), try environmentLayer()]
        if let file { layers.append(layer(of: try ConfigurationFile(path: file))) }
        for folder in [userFolder, systemFolder].compactMap(\.self) {
            if let found = try ConfigurationFile.find(in: folder) { layers.append(layer(of: found)) }
        }
        return layers
    }

    private func flagLayer() -> [SettingKey: Found] {
        Dictionary(uniqueKeysWithValues: flags.map { ($0.key, (text: $0.value, origin: .flag($0.key.flag))) })
    }

    /// Variables that are no settings: what the shell of the tool takes from its environment.
    private static let otherVariables = ["FLASHCTL_PAGER"]

    private func environmentLayer() throws(ConfigurationError) -> [SettingKey: Found] {
        let known = Dictionary(uniqueKeysWithValues: SettingKey.allCases.map { ($0.environmentVariable, $0) })
        var found: [SettingKey: Found] = [:]
        for (name, text) in environment.sorted(by: { $0.key < $1.key }) {
            if ServiceVariable.matches(name, text) { continue }
            if let key = known[name] {
                // Container files often pass every variable, set or not: empty means not set.
                if !text.isEmpty { found[key] = (text, .environment(name)) }
            } else if name.hasPrefix(SettingKey.environmentPrefix), !Failpoint.variables.contains(name),
                !ConfigurationSources.otherVariables.contains(name)
            {
                let suggestion = SettingKey.variable(near: name).map { "did you mean \($0)?" }
                throw ConfigurationError(
                    .unknownKey,
                    "there is no setting for the environment variable \(name)",
                    nextStep: suggestion ?? "unset it"
                )
            }
        }
        return found
    }

    private func layer(of file: ConfigurationFile) -> [SettingKey: Found] {
        file.entries.mapValues { ($0.text, .file(path: file.path, line: $0.line)) }
    }
}
