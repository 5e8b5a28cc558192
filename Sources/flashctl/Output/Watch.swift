/// Shows a report again and again until a signal ends it: on a terminal each in the place of the one before, elsewhere
/// one line each (or a record, with `-o`). A report that fails, or says that something is wrong, is told about, and the
/// next one is tried all the same.
struct Watch: Sendable {
    /// From the beginning of one report to that of the next; one that takes longer is followed at once.
    var interval: Duration = .seconds(2)
    /// Reports to show; nil: as many as come.
    var turns: Int?

    /// Runs until SIGINT or SIGTERM.
    ///
    /// - Throws: ``SilentExit`` with 130 or 143 after a signal; what the first report threw, unless a store was away;
    ///   ``OutputClosed`` when nobody reads any more.
    func run(
        in environment: CommandEnvironment,
        _ output: Output,
        _ report: @escaping @Sendable () async throws -> any Report & Sendable
    ) async throws {
        let isRedrawn = environment.dataTerminal.isTerminal && output.format == .table
        do {
            try await Interrupts.cancelling { try await loop(in: environment, output, isRedrawn, report) }
        } catch {
            if isRedrawn { try output.sink.data(WatchScreen.leave) }
            if let failure = error as? CommandFailure, [.interrupted, .terminated].contains(failure.status) {
                throw SilentExit(failure.status)
            }
            throw error
        }
        if isRedrawn { try output.sink.data(WatchScreen.leave) }
    }

    private func loop(
        in environment: CommandEnvironment,
        _ output: Output,
        _ isRedrawn: Bool,
        _ report: @Sendable () async throws -> any Report & Sendable
    ) async throws {
        var due = ContinuousClock.now
        var last: (any Report & Sendable)?
        for turn in 0... {
            var failure: CommandFailure?
            var isNew = true
            do {
                last = try await report()
                failure = last?.failure
            } catch {
                isNew = false
                try Task.checkCancellation()
                // Wrong usage stays wrong; a store may come back.
                guard let told = FailureReport.failure(for: error), turn > 0 || Watch.mayPass(told.status) else {
                    throw error
                }
                failure = told
            }
            if isRedrawn {
                // Not before there is something to show: a first report that fails leaves the window as it was.
                if turn == 0 { try output.sink.data(WatchScreen.enter) }
                try redraw(last, failure, isNew, in: environment, output)
            } else {
                try write(isNew ? last : nil, failure, output)
            }
            if turn + 1 == turns { return }
            due = max(due + interval, .now)
            try await Task.sleep(until: due)
        }
    }

    /// Whether the same command may succeed a moment later.
    private static func mayPass(_ status: ExitStatus) -> Bool { status == .unreachable || status == .tryLater }

    private func redraw(
        _ report: (any Report & Sendable)?,
        _ failure: CommandFailure?,
        _ isNew: Bool,
        in environment: CommandEnvironment,
        _ output: Output
    ) throws {
        let terminal = environment.measuredAgain() ?? environment.dataTerminal
        var output = output
        output.width = terminal.width
        var parts: [String] = []
        if let failure {
            let words = [failure.message, failure.nextStep.map { "next step: \($0)" }].compactMap(\.self)
            let lines = words.flatMap { DisplayWidth.wrapped(DisplayWidth.harmless($0), to: terminal.width) }
            let note = report == nil || isNew ? [] : ["", "Before that:"]
            parts.append(
                lines.map { TextStyle.red.applied(to: $0, color: output.color) + "\n" }.joined()
                    + note.map { $0 + "\n" }.joined()
            )
        }
        if let report { parts.append(output.text(of: report)) }
        let footer = TextStyle.dim.applied(to: "every \(Watch.text(interval)), Ctrl-C ends", color: output.color)
        let text = parts.joined(separator: "\n")
        try output.sink.data(WatchScreen.frame(text, footer: footer, terminal: terminal))
    }

    private func write(_ report: (any Report & Sendable)?, _ failure: CommandFailure?, _ output: Output) throws {
        if let failure { output.say(failure, oneLine: true) }
        guard let report else { return }
        switch output.format {
        case .table:
            // What is wrong may be all that there is.
            let whole = failure == nil ? output.text(of: report) : ""
            try output.sink.data(report.line.map { $0 + "\n" } ?? whole)
        case .yaml:
            try output.sink.data("---\n")
            try output.write(report)
        case .json, .ndjson: try output.write(report)
        }
    }

    /// For instance `2 s`.
    static func text(_ interval: Duration) -> String {
        let (seconds, attoseconds) = interval.components
        let all = Double(seconds) + Double(attoseconds) / 1e18
        return NumberText.decimal(all, digits: all == all.rounded() ? 0 : 1) + " s"
    }
}
