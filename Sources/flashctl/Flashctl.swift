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

            Exit status: 0 success, 1 failure, 2 declined, 64 wrong usage, 69 Redis, Postgres or target unreachable, \
            75 locked (try later), 78 bad configuration, 98 a broken promise was found, 130 and 143 ended by a signal.

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
        let isOurs = FailureReport.isOurs(error)
        guard isOurs else { exit(withError: error) }
        if let failure = FailureReport.failure(for: error) {
            CommandEnvironment.process.talkOutput.say(failure)
        }
        Foundation.exit(FailureReport.status(for: error).rawValue)
    }
}
