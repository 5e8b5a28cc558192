import ArgumentParser
import FlashSaleKit

/// `flashctl migrate`
struct MigrateCommand: EnvironmentCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Brings the schema in Postgres up to date.",
        usage: "flashctl migrate [<options>]",
        discussion: """
            Safe at any time and any number of times, also by several machines at once. Refuses a schema that is newer \
            than this program, and one whose migrations were changed.

            Exit status: 0 up to date, or listed by --dry-run; 1 the schema is newer than this program, or a migration \
            was changed; 69 Postgres is unreachable, 77 it refused the login, 78 a setting cannot be used.

            Examples:
              flashctl migrate --postgres postgres://flash@db.example/flash
              flashctl migrate --dry-run --local
            """
    )

    @Flag(help: "Only list what would be applied.")
    var dryRun = false

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    var changesSomething: Bool { !dryRun }

    func run(in environment: CommandEnvironment) async throws {
        let configuration = try storeOptions.configuration(in: environment)
        let output = outputOptions.output(in: environment)
        let report = try await Stores.using(
            configuration,
            local: storeOptions.local,
            in: environment,
            // It is what this command is for, or only looked at.
            migrates: false
        ) { stores in
            try await stores.withPostgres { [dryRun] connection in
                let pending = try await Migrator().pending(connection)
                let applied = dryRun ? [] : try await Migrator().migrate(connection)
                return MigrationReport(database: connection.endpoint.location, pending: pending, applied: applied)
            }
        }
        try output.write(report)
    }
}

/// What `migrate` found and did.
struct MigrationReport: Report, Sendable {
    var database: String
    /// Missing before.
    var pending: [String]
    /// Applied now.
    var applied: [String]

    var data: DataValue {
        .fields([
            "database": .string(database),
            "pending": .list(pending.filter { !applied.contains($0) }.map { .string($0) }),
            "applied": .list(applied.map { .string($0) }),
        ])
    }

    var sections: [ReportSection] {
        if !applied.isEmpty { return [.paragraph("applied to \(database): \(applied.joined(separator: ", "))")] }
        if !pending.isEmpty { return [.paragraph("pending in \(database): \(pending.joined(separator: ", "))")] }
        return [.paragraph("the schema of \(database) is up to date")]
    }
}
