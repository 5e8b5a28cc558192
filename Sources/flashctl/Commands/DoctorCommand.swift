import ArgumentParser
import FlashSaleKit

/// `flashctl doctor`
struct DoctorCommand: EnvironmentCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Checks Redis, Postgres and the clocks, and says what to do about each finding.",
        usage: "flashctl doctor [<options>]",
        discussion: """
            It looks at everything that a running server looks at every ten seconds, and writes nothing. Exit status: \
            0 when nothing is critical, 1 when something is, 69 when a store cannot be asked; then the other one is \
            checked all the same.

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
        let report = try await Stores.using(configuration, local: storeOptions.local) { stores in
            // Without an address there is nothing to check: that is wrong configuration, not a finding.
            _ = try stores.redisEndpoint()
            _ = try stores.postgresEndpoint()
            return try await StoreLinks.using(stores) { await $0.guards() }
        }
        try output.write(DoctorReport(guards: report))
        if !report.reachedRedis || !report.reachedPostgres { throw SilentExit(.unreachable) }
        if report.level == .critical { throw SilentExit(.failure) }
    }
}

/// Everything that `doctor` has found.
struct DoctorReport: Report {
    var guards: GuardReport

    var data: DataValue {
        .fields([
            "level": .string(guards.level.rawValue),
            "checks": GuardSection.data(guards.checks),
            "clocks": .list(
                guards.skew.pairs.map { pair in
                    .fields([
                        "first": .string(pair.first),
                        "second": .string(pair.second),
                        "ahead_ms": .double(Double(pair.offset.microseconds) / 1000),
                        "uncertainty_ms": .double(Double(pair.offset.uncertainty) / 1000),
                    ])
                }
            ),
            "journal": .list(
                guards.lags.map { lag in
                    .fields([
                        "sale": .integer(lag.saleID.rawValue),
                        "stream": .string(lag.stream.rawValue),
                        "waiting_entries": .integer(lag.entries),
                        "waiting_bytes": .integer(lag.bytes),
                        "behind_ms": .integer(Int(lag.seconds * 1000)),
                    ])
                }
            ),
        ])
    }

    var sections: [ReportSection] {
        let critical = guards.checks.count { $0.level == .critical }
        let warnings = guards.checks.count { $0.level == .warning }
        let total =
            critical + warnings == 0
            ? "All \(guards.checks.count) checks are ok."
            : "\(guards.checks.count) checks: \(critical) critical, \(warnings) warning\(warnings == 1 ? "" : "s")."
        return GuardSection.full(guards) + [.paragraph(total)]
    }
}
