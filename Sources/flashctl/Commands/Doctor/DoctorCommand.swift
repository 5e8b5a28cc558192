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

            Exit status: 0 nothing is critical, 1 something is, 69 a store is unreachable, 77 a store refused the \
            login, 78 a setting cannot be used.

            Examples:
              flashctl doctor --local
              flashctl doctor -o json
            """
    )

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    func run(in environment: CommandEnvironment) async throws {
        let configuration = try storeOptions.configuration(in: environment)
        let output = outputOptions.output(in: environment)
        let (report, absence) = try await Stores.using(configuration, local: storeOptions.local, in: environment) {
            stores in
            // Without an address there is nothing to check: that is wrong configuration, not a finding.
            _ = try stores.redisEndpoint()
            _ = try stores.postgresEndpoint()
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
}
