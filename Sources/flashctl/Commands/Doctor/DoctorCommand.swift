import ArgumentParser
import FlashSaleKit

/// `flashctl doctor`
struct DoctorCommand: EnvironmentCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Checks Redis, Postgres, journal, sales and this host, with a fix for each finding.",
        usage: "flashctl doctor [<options>]",
        discussion: """
            It looks at everything that a running server looks at every ten seconds, and at what takes longer: \
            latency, disks, room for memory and connections, the sale of the next hour. It writes nothing. \
            When a store cannot be asked, the other one is checked all the same.

            Redis keeps a finished sale until every standby of Postgres that was ever seen has its end. With \
            --forget-standby one that is gone for good is not waited for any more; that is recorded in control_log.

            A sale that went on with another Postgres (a standby that was promoted) is not sold with the old one. With \
            --accept-postgres it is, from now on: what only the other Postgres had is lost. That is recorded, too.

            Exit status: 0 nothing is critical, 1 something is, 69 a store is unreachable, 77 a store refused the \
            login, 78 a setting cannot be used.

            Examples:
              flashctl doctor --local
              flashctl doctor -o json
              flashctl doctor --forget-standby replica2 --reason "disk is dead"
            """
    )

    @Option(help: "Wait no longer for this standby (its slot or application name): it is gone for good.")
    var forgetStandby: String?

    @Flag(help: "Sell with this Postgres although another one has taken the sales over: that one is gone for good.")
    var acceptPostgres = false

    @Option(help: "Why, for the records; 1 to 200 characters. With --forget-standby and --accept-postgres.")
    var reason: String?

    @Flag(help: "Accept a Redis without an append-only file, as a server with this option does.")
    var allowNoAOF = false

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    var changesSomething: Bool { forgetStandby != nil || acceptPostgres }

    func validate() throws {
        if let reason { try ControlOptions.validate(reason: reason) }
        if changesSomething != (reason != nil) {
            throw ValidationError("--forget-standby and --accept-postgres need --reason, and nothing else takes it.")
        }
    }

    func run(in environment: CommandEnvironment) async throws {
        let flags = [SettingKey.allowNoAOF: allowNoAOF ? "true" : nil]
        let configuration = try storeOptions.configuration(in: environment, flags: flags)
        let output = outputOptions.output(in: environment)
        let (report, absence) = try await Stores.using(configuration, local: storeOptions.local, in: environment) {
            stores in
            // Without an address there is nothing to check: that is wrong configuration, not a finding.
            _ = try stores.redisEndpoint()
            _ = try stores.postgresEndpoint()
            if let forgetStandby, let reason {
                try await DoctorCommand.forget(forgetStandby, reason, environment, stores)
            }
            if acceptPostgres, let reason { try await DoctorCommand.accept(reason, environment, stores) }
            return try await StoreLinks.using(stores) { links in
                // First: the other checks load the scripts that these look for.
                let deep = await links.deepChecks()
                let report = DoctorReport(guards: await links.guards(), deep: deep + [OpenFileCheck.read()])
                return (report, await links.statusOfAbsence)
            }
        }
        try output.write(report)
        if !report.guards.reachedRedis || !report.guards.reachedPostgres { throw SilentExit(absence) }
        if report.level == .critical { throw SilentExit(.failure) }
    }

    private static func accept(
        _ reason: String,
        _ environment: CommandEnvironment,
        _ stores: Stores
    ) async throws {
        try await stores.withBoth { redis, postgres in
            try await Stores.requireSchema(postgres)
            let acceptance = LineageAcceptance(redis: redis, postgres: postgres)
            let accepted = try await acceptance.accept(actor: environment.operatorName, reason: reason)
            guard !accepted.isEmpty else {
                return environment.talkOutput.say("no sale went on with another Postgres: nothing was changed")
            }
            for (sale, other) in accepted {
                environment.talkOutput.say(
                    "sale \(sale) is sold with this Postgres from now on, no longer with \(other)"
                )
            }
        }
    }

    private static func forget(
        _ name: String,
        _ reason: String,
        _ environment: CommandEnvironment,
        _ stores: Stores
    ) async throws {
        try await stores.withPostgres { postgres in
            try await Stores.requireSchema(postgres)
            let standbys = StandbyStore(postgres: postgres)
            if try await standbys.forget(name, actor: environment.operatorName, reason: reason) {
                return environment.talkOutput.say("standby \(name) is forgotten: finished sales do not wait for it")
            }
            let known = try await standbys.known().map(\.name)
            throw CommandFailure(
                .failure,
                "no finished sale waits for a standby '\(name)'",
                nextStep: known.isEmpty
                    ? "no standby was ever seen: leave out --forget-standby"
                    : "give one of these: \(known.joined(separator: ", "))"
            )
        }
    }
}
