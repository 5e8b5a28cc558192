import Foundation
import Testing

@testable import FlashSaleKit
@testable import flashctl

/// `flashctl help TOPIC`, and what becomes of misspelled commands.
struct HelpTopicTests {
    @Test(arguments: HelpTopic.allCases)
    func aTopicIsDataOf80Columns(topic: HelpTopic) async throws {
        let outcome = try await BuiltBinary.run(["help", topic.rawValue])
        #expect(outcome.status == 0)
        #expect(outcome.talk.isEmpty)
        #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
        try Snapshot.expect(outcome.output, in: "Tests/Snapshots/help/\(topic.rawValue).txt")
        let root = try await BuiltBinary.run(["--help"])
        #expect(root.output.contains("flashctl help \(topic.rawValue)"))
    }

    /// Nobody has to guess what a status means for the command that ended with it.
    @Test func everyCommandSaysItsStatuses() async throws {
        for command in try await ToolInfo.read().commands where (command.command.subcommands ?? []).isEmpty {
            let discussion = command.command.discussion ?? ""
            #expect(discussion.contains("Exit status: 0 "), "\(command.words)")
        }
        let root = Flashctl.configuration.discussion
        let list = try #require(root.components(separatedBy: "Exit status: ").last)
        for status in ExitStatus.allCases {
            #expect(list.contains(try Regex("\\b\(status.rawValue)\\b")), "\(status.rawValue)")
        }
    }

    @Test func everyStatusAndEverySettingIsExplained() {
        let statuses = HelpTopic.exitCodes.entries
        #expect(statuses.map(\.name) == ExitStatus.allCases.map { String($0.rawValue) })
        let variables = HelpTopic.environment.entries
        for key in SettingKey.allCases {
            let entry = variables.first { $0.name == key.environmentVariable }
            #expect(entry?.text.contains(key.flag) == true)
            #expect(entry?.text.contains("`\(key.rawValue)`") == true)
        }
        #expect(Set(SettingKey.allCases.map(\.meaning)).count == SettingKey.allCases.count)
    }

    /// The defaults that are told are those that count.
    @Test func theDefaultsThatAreToldAreTrue() throws {
        let configuration = try FlashConfiguration(from: ConfigurationSources(environment: [:]))
        let defaults: [SettingKey: String] = [
            .host: configuration.host.value, .port: "\(configuration.port.value)",
            .logLevel: configuration.logLevel.value.rawValue, .eventLoops: "\(configuration.eventLoops.value)",
            .adminPort: "\(configuration.adminPort.value)",
            .backlogLimit: "\(configuration.backlogLimit.value >> 20)MB",
            .memoryLimit: "\(configuration.memoryLimit.value)", .allowNoAOF: "\(configuration.allowNoAOF.value)",
            .idleTime: SettingParser.idleTime.text(configuration.idleTimeMilliseconds.value),
            .shutdownDelay: SettingParser.shutdownDelay.text(configuration.shutdownDelayMilliseconds.value),
            .headerField: ByteText.exact(configuration.headerField.value),
            .headerTotal: ByteText.exact(configuration.headerTotal.value),
            .headerCount: "\(configuration.headerCount.value)",
            .traceSample: "\(Int(configuration.traceSample.value))",
            .rotate: "\(configuration.rotate.value)",
            .keepFinished: DurationText.text(milliseconds: configuration.keepFinishedMilliseconds.value),
            .hourlyStock: "\(configuration.hourlyStock.value)",
            .hourlyLimit: "\(configuration.hourlyLimit.value)",
            .hourlyHold: DurationText.text(milliseconds: configuration.hourlyHoldMilliseconds.value),
        ]
        for (key, text) in defaults { #expect(key.meaning.hasSuffix("default \(text)"), "\(key): \(text)") }
    }

    @Test(arguments: [
        (["stauts"], "did you mean `flashctl status`?"), (["seed"], "`flashctl --help` lists the commands"),
        (["help", "exit-code"], "did you mean `flashctl help exit-codes`?"),
        (["help", "verfy"], "did you mean `flashctl help verify`?"),
        (["\u{1B}[31mx"], "`flashctl --help` lists the commands"),
        (["config", "shwo"], "did you mean `flashctl config show`?"),
        (["help", "config", "shwo"], "did you mean `flashctl help config show`?"),
        (["config", "edit"], "`flashctl help config` lists the commands"),
    ])
    func aMisspelledCommandNamesTheNearest(arguments: [String], step: String) async throws {
        let outcome = try await BuiltBinary.run(arguments)
        #expect(outcome.status == 64)
        #expect(outcome.output.isEmpty)
        #expect(outcome.talk.contains("there is no command '"))
        #expect(outcome.talk.contains(step))
        #expect(!outcome.talk.contains("\u{1B}"))
    }

    @Test(arguments: [
        (["--verison"], "did you mean `flashctl --version`?"), (["--hlep"], "did you mean `flashctl --help`?"),
        (["--local", "status"], "options stand behind the command"), (["status", "--hlep"], "Did you mean '--help'?"),
        (["status", "--sal", "3"], "Did you mean '--sale'?"),
    ])
    func aMisspelledOptionNamesTheNearest(arguments: [String], step: String) async throws {
        let outcome = try await BuiltBinary.run(arguments)
        #expect(outcome.status == 64)
        #expect(outcome.output.isEmpty)
        #expect(outcome.talk.contains(step), "\(outcome)")
    }

    /// Cron sends what is said on standard error: one line, with what to do.
    @Test(arguments: [
        (
            ["--timeout", "5"],
            "--timeout 5 lacks a unit: write 5s, 5m or 5h; next step: see `flashctl help rotate-hour`"
        ),
        (["--timeout", "soon"], "--timeout takes a time with its unit, such as 90s, 5m or 1h, not 'soon'"),
        (["--tiemout", "5s"], "unknown option '--tiemout'"),
        (["--timeout", "0s"], "--timeout takes a time above zero"),
    ])
    func wrongArgumentsOfTheCronJobAreOneLine(arguments: [String], line: String) async throws {
        let outcome = try await BuiltBinary.run(["rotate-hour"] + arguments)
        #expect(outcome.status == 64)
        #expect(outcome.talk.hasPrefix("flashctl: \(line)"), "\(outcome)")
        #expect(outcome.talk.split(separator: "\n").count == 1 && outcome.talk.contains("next step: "))
    }

    @Test func whatExistsIsNoMistake() throws {
        try CommandNames.check(["config", "show"])
        try CommandNames.check(["config", "--help"])
        try CommandNames.check(["help", "config"])
        try CommandNames.check(["config"])
        for name in CommandNames.all { try CommandNames.check([name]) }
        for arguments in [[], ["help"], ["help", "status"], ["--help"], ["--version"], ["help", "files"]] {
            try CommandNames.check(arguments)
        }
    }
}
