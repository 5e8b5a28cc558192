import ArgumentParser
import FlashSaleKit

/// By what a load test is judged, and where its reports go.
struct LoadReportOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "End with 99 if this is true of the run, e.g. 'checkout.p99>20ms', '5xx.rate>0.1%'. May be repeated.",
            valueName: "expression"
        )
    )
    var failIf: [String] = []

    @Flag(help: "Stop as soon as a --fail-if is true; rates and percentiles are judged after ten seconds.")
    var abortOnFail = false

    @Option(
        help: ArgumentHelp(
            "Compare with an earlier run, as `-o json` wrote it; end with 99 if it was better.",
            valueName: "file"
        ),
        completion: .file(extensions: ["json"])
    )
    var compare: String?

    @Option(
        help: ArgumentHelp(
            "By how much it may be worse, e.g. 'errors.share=0%'. May be repeated. Default: p99=10%, rate=10%.",
            valueName: "limit"
        )
    )
    var tolerance: [String] = []

    @Option(
        help: ArgumentHelp("Write a page with charts that needs no network.", valueName: "file"),
        completion: .file(extensions: ["html"])
    )
    var report: String?

    @Option(
        help: ArgumentHelp("Write the latencies of each second and outcome as an HdrHistogram log.", valueName: "file"),
        completion: .file(extensions: ["hlog"])
    )
    var hdrLog: String?

    /// What is wrong with an expression is said before anything else happens.
    func validate() throws {
        do {
            _ = try thresholds()
            _ = try tolerances()
        } catch {
            throw ValidationError([error.message, error.nextStep].compactMap(\.self).joined(separator: "; "))
        }
        if abortOnFail, failIf.isEmpty { throw ValidationError("--abort-on-fail needs at least one --fail-if.") }
        if compare == nil, !tolerance.isEmpty { throw ValidationError("--tolerance needs --compare.") }
        for (option, path) in [("--compare", compare), ("--report", report), ("--hdr-log", hdrLog)] where path == "" {
            throw ValidationError("\(option) needs the name of a file.")
        }
    }

    /// The expressions of `--fail-if`.
    func thresholds() throws(CommandFailure) -> [LoadThreshold] {
        var all: [LoadThreshold] = []
        for text in failIf { all.append(try LoadThreshold(parsing: text, option: "--fail-if")) }
        return all
    }

    /// The limits of `--tolerance`, or the usual ones.
    func tolerances() throws(CommandFailure) -> [LoadTolerance] {
        var all: [LoadTolerance] = []
        for text in tolerance { all.append(try LoadTolerance(parsing: text)) }
        return all.isEmpty ? LoadTolerance.usual : all
    }

    /// Fails when a threshold is about something that this run will not measure.
    ///
    /// - Parameter verifies: whether the run is verified.
    func check(verifies: Bool) throws(CommandFailure) {
        guard !verifies, let threshold = try thresholds().first(where: \.needsVerification) else { return }
        throw CommandFailure(
            .usage,
            "--fail-if '\(threshold.text)': only a run that is verified measures \(threshold.metric)",
            nextStep: "add --verify"
        )
    }
}
