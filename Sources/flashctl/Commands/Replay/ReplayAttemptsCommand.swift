import ArgumentParser
import FlashSaleKit

/// `flashctl replay-attempts`
struct ReplayAttemptsCommand: EnvironmentCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay-attempts",
        abstract: "Replays the records of a sale: as an audit, into Postgres, or against a server.",
        usage: "flashctl replay-attempts [--pending | --target <url> | --export] [<options>]",
        discussion: """
            Alone it is an audit: every recorded attempt and every row of the ledger is played, in the order in which \
            Redis decided them, through a second implementation of the rules. The first record that the rules do not \
            give is named, with what they give and why. Of a sale that still runs, all records are judged of which \
            Postgres has both halves. Nothing is written, and Redis is not asked.

            --pending moves what is stuck into Postgres, once only, and may be killed and repeated: the journal of \
            unfinished sales, and dead letters. A dead letter is repaired when what refused it is gone: a constraint \
            or a row in Postgres, or a fault of its payload that somebody has corrected in dead_letter. --dry-run \
            lists both.

            --target plays the sale's traffic against a server: checkouts, purchases, and holds given back, whether \
            they were released or expired. In order (the default) a request waits for those in front of it on whose \
            outcome it depends, so a fresh sale with the same terms must decide the same, as long as no hold lapses \
            there earlier than it did; then the outcome counts may not differ. Attempts of banned users are left out, \
            and a limit that was lowered must be lowered on the target. Latencies count from the intended time.

            --export writes the attempts as NDJSON in their total order. Only here --user, --outcome, --since and \
            --until choose: half a sale proves nothing, and decides otherwise.

            Exit status: 0 all is well, 1 something is still stuck or a request failed, 69 a store or the target is \
            unreachable, 98 the audit found a divergence, 99 the outcome counts differ.

            Examples:
              flashctl replay-attempts --local
              flashctl replay-attempts --sale 12 -o json
              flashctl replay-attempts --pending --dry-run
              flashctl replay-attempts --sale 12 --target http://127.0.0.1:8080 --speed max
              flashctl replay-attempts --sale 12 --export --outcome user_limit > attempts.ndjson
            """
    )

    @Flag(help: "Move what is stuck into Postgres: journal and dead letters.")
    var pending = false

    @Option(help: ArgumentHelp("Play the traffic against this server, as http://host:port.", valueName: "url"))
    var target: String?

    @Flag(help: "Write the attempts as NDJSON.")
    var export = false

    @Option(
        help: "Number of a sale, or current. Default: the current one, else the last; with --pending all of them.",
        completion: LiveCompletion.oneSale
    )
    var sale: SaleArgument?

    @Flag(help: "With --pending: list what is stuck, and write nothing.")
    var dryRun = false

    @Option(help: "With --target: how much faster than it was, e.g. 10x, or max for no waiting. Default: 1x.")
    var speed: ReplaySpeed?

    @Flag(inversion: .prefixedNo, help: "With --target: keep the order of the decisions. Default: yes.")
    var ordered: Bool?

    @Option(help: "With --target: connections that are open at the same time. Default: 200.")
    var connections: Int?

    @Option(help: "With --target: seconds after which an unanswered request is a network error. Default: 30.")
    var timeout: Int?

    @Option(help: "With --target: percent of the attempts by which a count may differ. Default: 0.")
    var tolerance: Double?

    @Option(help: "With --export: attempts of this user.", completion: LiveCompletion.users)
    var user: UserArgument?

    @Option(help: "With --export: attempts with this outcome (held, sold_out, user_limit, banned).")
    var outcome: String?

    @Option(help: "With --export: attempts from this time on, RFC 3339.")
    var since: String?

    @Option(help: "With --export: attempts before this time, RFC 3339.")
    var until: String?

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if [pending, target != nil, export].count(where: \.self) > 1 {
            throw ValidationError("Give one of --pending, --target and --export, or none for an audit.")
        }
        if sale == .all, !pending { throw ValidationError("--sale takes the number of one sale, or current.") }
        try require(pending, "--pending", [("--dry-run", dryRun)])
        try require(
            target != nil,
            "--target",
            [
                ("--speed", speed != nil), ("--ordered", ordered != nil), ("--connections", connections != nil),
                ("--timeout", timeout != nil), ("--tolerance", tolerance != nil),
            ]
        )
        try requireExport()
        if let tolerance, !(0...100).contains(tolerance) { throw ValidationError("--tolerance is 0 to 100 percent.") }
        _ = try filter()
    }

    private func require(_ isGiven: Bool, _ mode: String, _ options: [(name: String, isGiven: Bool)]) throws {
        guard !isGiven, let wrong = options.first(where: \.isGiven) else { return }
        throw ValidationError("\(wrong.name) goes together with \(mode) only.")
    }

    private func requireExport() throws {
        let filters = [
            ("--user", user != nil), ("--outcome", outcome != nil), ("--since", since != nil),
            ("--until", until != nil),
        ]
        if !export, let wrong = filters.first(where: \.1) {
            throw ValidationError(
                "\(wrong.0) goes together with --export only: an audit or a replay of half a sale proves nothing."
            )
        }
        guard export, outputOptions.format == .json || outputOptions.format == .yaml else { return }
        throw ValidationError("--export writes NDJSON: leave out -o, or give -o ndjson.")
    }

    /// The attempts that --export wants.
    func filter() throws -> AttemptsExport.Filter {
        var filter = AttemptsExport.Filter()
        filter.user = try user?.id()
        if let outcome {
            guard let known = Outcome.allCases.first(where: { $0.name == outcome }) else {
                let names = Outcome.allCases.map(\.name).joined(separator: ", ")
                throw ValidationError("--outcome is one of \(names), not '\(outcome)'.")
            }
            filter.outcome = known
        }
        filter.since = try time(since, "--since")
        filter.until = try time(until, "--until")
        return filter
    }

    private func time(_ text: String?, _ option: String) throws -> Timestamp? {
        guard let text else { return nil }
        guard let time = TimeText.parse(text) else {
            throw ValidationError("\(option) takes a time like 2026-01-31T18:00:00Z, not '\(text)'.")
        }
        return time
    }

    var changesSomething: Bool { (pending && !dryRun) || target != nil }

    func run(in environment: CommandEnvironment) async throws {
        // Only a replay against a server sees to signals itself: its summary is printed all the same.
        let interrupts = target == nil ? AsyncStream { $0.finish() } : await Interrupts.stream()
        try await run(in: environment, interrupts: interrupts)
    }

    /// Runs with the interrupts handed in, too.
    func run(in environment: CommandEnvironment, interrupts: AsyncStream<ExitStatus>) async throws {
        let configuration = try storeOptions.configuration(in: environment)
        let output = outputOptions.output(in: environment)
        let actor = environment.operatorName
        let isTarget = target != nil
        try await Stores.using(configuration, local: storeOptions.local, in: environment, handlesSignals: isTarget) {
            stores in
            if pending {
                try await movePending(stores, actor, output)
            } else if isTarget {
                try await play(stores, interrupts, output, unicode: environment.showsUTF8)
            } else if export {
                try await writeAttempts(stores, output)
            } else {
                try await audit(stores, output)
            }
        }
    }
}
