import ArgumentParser
import FlashSaleKit

/// `flashctl explain`
struct ExplainCommand: EnvironmentCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Tells everything that happened to a code, hold, user or unit, in order and with its reasons.",
        usage: "flashctl explain <subject> [<options>]",
        discussion: """
            A code says itself which sale it is of; only its hold id is looked up and shown, so nobody who reads the \
            output can buy with it. Others of this machine see the arguments of commands: the subject - is read from \
            standard input. A number is a unit of the sale; --as user means the user of that name. Each line \
            says when, what, why, and where that is recorded: a table of Postgres, the journal on its way there, or \
            Redis. For codes, holds and units the last lines say what the buyer would be answered now.

            Like inspect-user it reads by keys and indexes only.

            Exit status: 0 told, 1 nothing is known of the subject, 64 it is no code, hold id, user or unit, 65 it \
            looks like a code and is none, 69 a store is unreachable (what the other one knows is told), 77 a store \
            refused the login, 78 a setting or the schema cannot be used, 98 the stores differ.

            Examples:
              flashctl explain alice --local
              flashctl explain 4711 --sale 12
              flashctl explain 3f2a8c0d9be14f5a7c6d1e0f2a3b4c5d -o json
              flashctl explain 4711 --as user --sale all --limit 1000
              flashctl explain - < code.txt
            """
    )

    @Argument(
        help: "A code, a hold id of 32 hexadecimal digits, a user, the number of a unit, or - to read it.",
        completion: LiveCompletion.users
    )
    var subject: String

    @Option(help: "Number of a sale, current, or all. Default: the sale of the code or hold, else the current one.")
    var sale: SaleArgument?

    @Option(name: .customLong("as"), help: "What the subject is: code, hold, user or unit.")
    var kind: SubjectKind?

    @Option(help: "Most lines, 1 to 100,000; older ones are left out and counted.")
    var limit = 200

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        guard (1...100_000).contains(limit) else {
            throw ValidationError("--limit takes 1 to 100000, not \(limit).")
        }
        if subject == ExplainCommand.standardInput { return }
        // A code is a secret, one with a slip of the pen as good as one: neither is repeated in a message.
        guard let kind else {
            if Subject.read(subject) == nil { throw ValidationError("The subject is no code, hold id, user or unit.") }
            return
        }
        if Subject.read(subject, as: kind.value) == nil {
            throw ValidationError("The subject is no \(kind.rawValue).")
        }
    }

    func run(in environment: CommandEnvironment) async throws {
        let configuration = try storeOptions.configuration(in: environment)
        let output = outputOptions.output(in: environment)
        let text =
            if subject == ExplainCommand.standardInput { await environment.readAnswer() ?? "" } else { subject }
        let meant = try meant(text)
        let report = try await Stores.using(configuration, local: storeOptions.local, in: environment) { stores in
            try await InspectionStores.using(stores) { try await read(text, meant, $0) }
        }
        try output.write(report)
        if let note = report.note { output.say(note) }
        if let failure = report.failure { throw failure }
        if report.missing != nil { throw SilentExit(.unreachable) }
    }

    /// Stands for the first line of standard input.
    private static let standardInput = "-"

    /// What the text means, and the sale that it names.
    private func meant(_ text: String) throws -> (subject: Subject, sale: SaleID?) {
        guard let found = Subject.read(text, as: kind?.value) else {
            throw CommandFailure(.usage, "the subject is no code, hold id, user or unit")
        }
        if case .user = found.subject {
            let isCode = Subject.read(text, as: .code) != nil
            guard !isCode, kind != nil || !Subject.resemblesCode(text) else {
                throw CommandFailure(
                    .badInput,
                    isCode ? "this is a code, and no user is called so" : "this looks like a code but is none",
                    nextStep: isCode
                        ? "leave out --as user" : "copy the code anew from what the buyer got, or add --as user"
                )
            }
        }
        if let named = found.sale, case .number(let given) = sale, given != named {
            throw CommandFailure(
                .usage,
                "the code is of sale \(named), not of sale \(given)",
                nextStep: "leave out --sale"
            )
        }
        return found
    }

    private func read(
        _ text: String,
        _ meant: (subject: Subject, sale: SaleID?),
        _ stores: InspectionStores
    ) async throws -> ExplainReport {
        var report = ExplainReport(subject: meant.subject, missing: stores.missing, trouble: stores.trouble)
        report.sales = try await sales(meant, stores)
        for id in report.sales {
            let found = try await stores.inspection.explain(meant.subject, in: id, limit: limit)
            if let found, found.hasTrace { report.explanations.append(found) }
        }
        if case .user(let user) = meant.subject, report.explanations.isEmpty {
            report.near = try await stores.inspection.users(near: user, in: report.sales)
        }
        if case .unit = meant.subject, kind == nil {
            for id in report.sales.prefix(1) {
                guard let name = UserID(text) else { continue }
                let user = try await stores.inspection.inspect(user: name, in: id, attempts: 0)
                guard let user, user.hasTrace else { continue }
                report.note = "There is also a user '\(name)': add --as user to ask about that one."
            }
        }
        return report
    }

    /// The sales to look into. A hold is looked for everywhere, unless it is in the current one.
    private func sales(_ meant: (subject: Subject, sale: SaleID?), _ stores: InspectionStores) async throws -> [SaleID]
    {
        if let named = meant.sale { return [named] }
        guard let sale else {
            let current = try await stores.sales(.current)
            guard case .hold(let hold) = meant.subject else { return current }
            let all = try await stores.sales(.all)
            let found = try await stores.inspection.sales(of: hold, among: all)
            return found.isEmpty ? current : found
        }
        return try await stores.sales(sale)
    }
}

/// A kind of subject on the command line.
enum SubjectKind: String, ExpressibleByArgument, CaseIterable, Sendable {
    case code, hold, user, unit

    var value: Subject.Kind {
        switch self {
        case .code: .code
        case .hold: .hold
        case .user: .user
        case .unit: .unit
        }
    }
}
