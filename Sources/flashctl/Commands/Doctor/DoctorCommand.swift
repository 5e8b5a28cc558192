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

    @Option(help: "Why, for the records; 1 to 200 characters. With --forget-standby.")
    var reason: String?

    @Flag(help: "Judge a Redis without an append-only file as a server with this option does: as a warning.")
    var allowNoAOF = false

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    var changesSomething: Bool { forgetStandby != nil }

    func validate() throws {
        if let reason { try ControlOptions.validate(reason: reason) }
        if (forgetStandby == nil) != (reason == nil) {
            throw ValidationError("--forget-standby and --reason go together.")
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
