import FlashSaleKit
import Logging

/// The stores that a command line which is still being typed is about.
enum CompletionStores {
    /// Nil when it does not say, or not yet rightly.
    static func find(_ typed: [String], environment: CommandEnvironment) -> Stores? {
        let words = whole(typed)
        var flags: [SettingKey: String] = [:]
        if let redis = value(of: "--redis", in: words) { flags[.redis] = redis }
        if let postgres = value(of: "--postgres", in: words) { flags[.postgres] = postgres }
        if let directory = value(of: "--local-directory", in: words) { flags[.localDirectory] = directory }
        let sources = ConfigurationSources(
            flags: flags,
            environment: environment.variables,
            file: value(of: "--config", in: words),
            systemFolder: environment.systemFolder
        )
        guard var configuration = try? FlashConfiguration(from: sources) else { return nil }
        if words.contains("--local") {
            // Those that run already: pressing TAB starts no servers.
            let directory = configuration.localDirectory?.value
            guard let addresses = LocalStack.addresses(directory: directory, environment: environment.variables) else {
                return nil
            }
            configuration.redis = Setting(addresses.redisURL, origin: .flag("--local"))
            configuration.postgres = Setting(addresses.postgresURL, origin: .flag("--local"))
        }
        let silent = Logger(label: "flashctl") { _ in SwiftLogNoOpLogHandler() }
        return Stores(configuration: configuration, logger: silent, local: nil)
    }

    /// The words as they were typed: bash cuts them at `:` and `=` into words of their own.
    static func whole(_ words: [String]) -> [String] {
        var joined: [String] = []
        var continues = false
        for word in words {
            let cuts = word.allSatisfy { $0 == ":" || $0 == "=" } && !word.isEmpty
            if continues || cuts, let last = joined.popLast() {
                joined.append(last + word)
            } else {
                joined.append(word)
            }
            continues = cuts
        }
        return joined
    }

    /// What follows an option, as `--option value` or `--option=value`.
    static func value(of option: String, in words: [String]) -> String? {
        for (index, word) in words.enumerated() {
            if word == option, index + 1 < words.count { return words[index + 1] }
            if word.hasPrefix(option + "=") { return String(word.dropFirst(option.count + 1)) }
        }
        return nil
    }
}
