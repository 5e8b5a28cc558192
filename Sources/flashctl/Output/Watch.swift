/// Shows a report again and again until a signal ends it: on a terminal each in the place of the one before, elsewhere
/// one after the other. A report that fails is told about, and the next one is tried all the same.
struct Watch: Sendable {
    /// From the beginning of one report to that of the next; one that takes longer is followed at once.
    var interval: Duration = .seconds(2)
    /// Reports to show; nil: as many as come.
    var turns: Int?

    /// Runs until SIGINT or SIGTERM.
    ///
    /// - Throws: ``SilentExit`` with 130 or 143 after a signal; what the first report threw; ``OutputClosed`` when
    ///   nobody reads any more.
    func run(
        in environment: CommandEnvironment,
        _ output: Output,
        _ report: @escaping @Sendable () async throws -> any Report & Sendable
    ) async throws {
        do {
            try await Interrupts.cancelling { try await loop(in: environment, output, report) }
        } catch let failure as CommandFailure where [.interrupted, .terminated].contains(failure.status) {
            throw SilentExit(failure.status)
        }
    }

    private func loop(
        in environment: CommandEnvironment,
        _ output: Output,
        _ report: @Sendable () async throws -> any Report & Sendable
    ) async throws {
        let isRedrawn = environment.dataTerminal.isTerminal && output.format == .table
        var due = ContinuousClock.now
        for turn in 0... {
            do {
                let current = try await report()
                if isRedrawn {
                    try Watch.redraw(current, output, isFirst: turn == 0)
                } else {
                    // Reports for people are told apart by an empty line.
                    if turn > 0, output.format == .table { try output.sink.data("\n") }
                    try output.write(current)
                }
            } catch {
                try Task.checkCancellation()
                // Wrong usage stays wrong; a store may come back.
                guard turn > 0, !(error is OutputClosed), let failure = FailureReport.failure(for: error) else {
                    throw error
                }
                output.say(failure, oneLine: true)
            }
            if turn + 1 == turns { return }
            due = max(due + interval, .now)
            try await Task.sleep(until: due)
        }
    }

    /// Writes over the report before: each line to its end, then nothing below. Written at once, so that it does not
    /// flicker.
    private static func redraw(_ report: some Report, _ output: Output, isFirst: Bool) throws {
        let parts = report.sections.map { $0.text(width: output.width, color: output.color) }
        let lines = parts.joined(separator: "\n").split(separator: "\n", omittingEmptySubsequences: false)
        let text = lines.joined(separator: "\u{1B}[K\n")
        try output.sink.data((isFirst ? "\u{1B}[2J" : "") + "\u{1B}[H" + text + "\u{1B}[J")
    }
}
