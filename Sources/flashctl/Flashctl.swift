import ArgumentParser
import FlashSaleKit
import Foundation

/// The tool with which an operations team runs flash sales.
@main
struct Flashctl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flashctl",
        abstract: "Runs flash sales on Redis and Postgres.",
        discussion: """
            Settings come from options, then the environment (PORT, LOG_LEVEL, REDIS_URL, POSTGRES_URL), then the file \
            of --config, then $XDG_CONFIG_HOME/flashctl/config.yaml, then /etc/flashctl/config.yaml.

            Exit status: 0 success, 1 failure, 2 declined, 64 wrong usage, 65 unusable input, 69 Redis, Postgres or \
            target unreachable, 75 locked (try later), 77 login refused, 78 bad configuration, 97 a load test measured \
            itself, 98 a broken promise was found, 99 a threshold was not met, 130, 141 and 143 ended by a signal.

            More: flashctl help exit-codes, flashctl help environment, flashctl help files.
            """,
        version: BuildInfo.text,
        subcommands: [
            ServeCommand.self,
            SeedSaleCommand.self,
            RotateHourCommand.self,
            PauseCommand.self,
            ResumeCommand.self,
            BanCommand.self,
            UnbanCommand.self,
            LimitCommand.self,
            StatusCommand.self,
            InspectUserCommand.self,
            ExplainCommand.self,
            VerifyCommand.self,
            DoctorCommand.self,
            ReconcileCommand.self,
            ReplayAttemptsCommand.self,
            MigrateCommand.self,
            ConfigCommand.self,
            LoadTestCommand.self,
            ShellCommand.self,
        ]
    )

    /// Version of the tool.
    static let version = "0.1.0"

    /// Parses the arguments, runs the command, and turns what it throws into sentences and a status.
    static func main() async {
        StandardStreams.open()
        // A closed pipe is an error of write(2) for us, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        do {
            try Failpoint.check(ProcessInfo.processInfo.environment)
            let arguments = Array(CommandLine.arguments.dropFirst())
            if let topic = CommandNames.topic(of: arguments) {
                return try CommandEnvironment.process.sink.data(topic.text)
            }
            if let script = CompletionScript.text(of: arguments) {
                return try CommandEnvironment.process.sink.data(script)
            }
            try CommandNames.check(arguments)
            var command = try await asyncParseAsRoot(arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            end(with: error)
        }
    }

    private static func end(with error: any Error) -> Never {
        // Help, version and wrong arguments: the parser knows best what to print.
        guard FailureReport.isOurs(error) else { refuse(error) }
        if let failure = FailureReport.failure(for: error) {
            CommandEnvironment.process.talkOutput.say(failure)
        }
        Foundation.exit(FailureReport.status(for: error).rawValue)
    }

    /// Help, version and wrong arguments: the parser knows best what to print.
    private static func refuse(_ error: any Error) -> Never {
        guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
        let talk = CommandEnvironment.process.talkOutput
        if CommandLine.arguments.dropFirst().first == RotateHourCommand.configuration.commandName {
            // Its talk goes to the mail or the log of cron, one line for each failure.
            let step = "see `flashctl help rotate-hour`"
            let text = CommandNames.completed(message(for: error))
            let sentence = text.prefix(1).lowercased() + text.dropFirst(1)
            let isStopped = sentence.hasSuffix(".")
            let words = isStopped ? String(sentence.dropLast()) : sentence
            talk.say(CommandFailure(.usage, words, nextStep: step), oneLine: true)
        } else {
            talk.say(CommandNames.completed(fullMessage(for: error)))
        }
        Foundation.exit(ExitStatus.usage.rawValue)
    }
}
