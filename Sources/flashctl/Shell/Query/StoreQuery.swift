import FlashSaleKit

/// A look into the stores themselves: reading only, bounded in time and in rows.
enum StoreQuery: Sendable {
    /// A statement of Postgres that reads.
    case sql(String)
    /// A command of Redis that only reads.
    case redis([String])
    /// What one of the stores has of a sale.
    case records(RecordQuery)

    /// Rows that are fetched.
    static let mostRows = 10_000

    /// Nil when the words are no such look.
    ///
    /// - Parameter raw: what was typed behind the first word.
    init?(_ words: [String], raw: String, format: Output.Format?) throws(CommandFailure) {
        switch words.first {
        case "sql": self = .sql(raw)
        case "redis": self = .redis(Array(words.dropFirst()))
        case let name?:
            guard let kind = RecordQuery.Kind(rawValue: name) else { return nil }
            self = .records(try RecordQuery(kind, Array(words.dropFirst()), format))
        case nil: return nil
        }
    }

    func run(_ options: StoreOptions, _ settings: ShellSettings, in environment: CommandEnvironment) async throws {
        let configuration = try options.configuration(in: environment)
        let report: any Report & Sendable = try await Stores.using(
            configuration,
            local: options.local,
            in: environment
        ) { stores in
            switch self {
            case .sql(let text): try await StatementReading.rows(of: text, stores)
            case .redis(let words): try await RedisReading.rows(of: words, stores)
            case .records(let query): try await query.report(stores, drawsBlocks: environment.showsUTF8)
            }
        }
        let output: Output
        if case .records(let query) = self {
            output = query.options.outputOptions.output(in: environment)
        } else {
            output = environment.output(settings.format ?? .table, color: .auto)
        }
        try output.write(report)
        if let report = report as? RowsReport, report.isCut {
            output.say("Only the first \(NumberText.grouped(report.rows.count)) rows are shown.")
        }
    }
}
