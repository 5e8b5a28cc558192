import FlashSaleKit

/// What `flashctl help` explains beside the commands. Everything comes from the definitions themselves.
enum HelpTopic: String, CaseIterable, Sendable {
    case exitCodes = "exit-codes"
    case environment
    case files

    /// Columns of a terminal that nobody has widened.
    private static let width = 80

    /// One line for the list of topics.
    var abstract: String {
        switch self {
        case .exitCodes: "every status with which flashctl ends"
        case .environment: "the variables that are read, and the settings that they set"
        case .files: "the files that are read and written"
        }
    }

    /// The lines of the topic: a name, and what there is to say about it.
    var entries: [(name: String, text: String)] {
        switch self {
        case .exitCodes:
            ExitStatus.allCases.map { (String($0.rawValue), $0.explanation) }
        case .environment:
            SettingKey.allCases.map { key in
                (key.environmentVariable, "\(key.meaning) (\(key.flag), `\(key.rawValue)` in files)")
            } + HelpTopic.otherVariables
        case .files:
            [
                ("--config FILE", "settings, YAML or JSON; must exist"),
                (
                    "$XDG_CONFIG_HOME/flashctl/config.yaml",
                    "settings of a person; also config.yml or config.json; ~/.config without the variable"
                ),
                ("/etc/flashctl/config.yaml", "settings of the machine; also config.yml or config.json"),
                (
                    "$XDG_STATE_HOME/flashctl/local",
                    "data, sockets and logs of the private stores of --local; ~/.local/state without the variable"
                ),
                (
                    "$XDG_STATE_HOME/flashctl/history",
                    "lines typed in the shell, 10,000 at most; ~/.local/state likewise"
                ),
            ]
        }
    }

    private static let otherVariables: [(name: String, text: String)] = [
        ("XDG_CONFIG_HOME", "folder of a person's configuration; default ~/.config"),
        ("XDG_STATE_HOME", "folder of the private stores of --local; default ~/.local/state"),
        ("FLASHCTL_PAGER, PAGER", "what shows output of the shell that is longer than the screen; default less -FIRX"),
        ("VISUAL, EDITOR", "what \\e of the shell edits with; default vi"),
        ("NO_COLOR", "no colours when it is set, unless --color=always"),
        ("NOTIFY_SOCKET, WATCHDOG_USEC", "set by systemd: the server says when it is ready, and that it still answers"),
        ("SUDO_USER, USER, LOGNAME", "who pauses, bans or repairs, for the records"),
    ]

    /// What stands above the entries.
    private var introduction: String {
        switch self {
        case .exitCodes: "Statuses follow sysexits.h where that has a word for it."
        case .environment:
            "Options come before the environment, the environment before files. An empty variable counts as not set; "
                + "an unknown one that begins with FLASHCTL_ is an error."
        case .files: "Of several files the one named first counts, setting by setting."
        }
    }

    /// The whole topic for a terminal.
    var text: String {
        var lines = Paragraph.lines(introduction, width: HelpTopic.width) + [""]
        let longest = entries.map(\.name.count).max() ?? 0
        // Long names stand on a line of their own.
        let indentation = longest > 12 ? 6 : longest + 4
        for entry in entries {
            let wrapped = Paragraph.lines(entry.text, width: HelpTopic.width - indentation)
            let margin = String(repeating: " ", count: indentation)
            if longest > 12 {
                lines += ["  " + entry.name] + wrapped.map { margin + $0 }
            } else {
                let gap = String(repeating: " ", count: indentation - 2 - entry.name.count)
                lines.append("  " + entry.name + gap + (wrapped.first ?? ""))
                lines += wrapped.dropFirst().map { margin + $0 }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// Text in lines of at most so many columns.
enum Paragraph {
    static func lines(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, DisplayWidth.of(line) + 1 + DisplayWidth.of(String(word)) > width {
                lines.append(line)
                line = ""
            }
            line += line.isEmpty ? String(word) : " " + word
        }
        return lines + [line]
    }
}
