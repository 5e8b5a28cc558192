import FlashSaleKit
import Foundation
import Synchronization

/// Everything that a load test shows and writes, behind three calls: `init` before the load, where all that can be
/// wrong with files and expressions is found; ``take(_:)`` once a second; ``finish(_:)`` at the end.
///
/// ``end()`` gives the terminal back and belongs into a `defer`.
final class LoadPresenter: Sendable {
    private struct State {
        var timeline = LoadTimeline()
        /// Why a file could not be written any more; told at the end.
        var failure: CommandFailure?
    }

    private let thresholds: [LoadThreshold]
    private let tolerances: [LoadTolerance]
    private let baseline: LoadBaseline?
    private let abortWatch: LoadAbortWatch?
    private let page: FileHandle?
    private let pagePath: String
    private let log: HistogramLog?
    private let formats: LoadOutputOptions
    private let output: Output
    private let view: LoadLiveView
    private let state = Mutex(State())

    /// Reads the baseline and begins all files.
    ///
    /// - Parameter startedAt: when the load begins; the histogram log counts from there.
    /// - Throws: ``CommandFailure`` for an expression, a baseline or a file that cannot be used.
    init(
        _ options: LoadReportOptions,
        _ formats: LoadOutputOptions,
        _ outlook: LoadOutlook,
        startedAt: Timestamp,
        in environment: CommandEnvironment
    ) throws(CommandFailure) {
        thresholds = try options.thresholds()
        tolerances = try options.tolerances()
        var baseline: LoadBaseline?
        if let path = options.compare { baseline = try LoadBaseline(contentsOf: path) }
        self.baseline = baseline
        abortWatch = options.abortOnFail ? LoadAbortWatch(thresholds: thresholds) : nil
        pagePath = options.report ?? ""
        var page: FileHandle?
        if let path = options.report { page = try OutputFile.begin(path, option: "--report") }
        self.page = page
        var log: HistogramLog?
        if let path = options.hdrLog {
            log = try HistogramLog(path: path, startedAt: startedAt, version: Flashctl.version)
        }
        self.log = log
        self.formats = formats
        output = formats.output(in: environment)
        let screen = LoadScreen(outlook: outlook, unicode: environment.showsUTF8, thresholds: thresholds)
        view = LoadLiveView(screen, output: output)
    }

    /// The sums and the points so far.
    var timeline: LoadTimeline { state.withLock { $0.timeline } }

    /// Shows the next second and keeps it. Returns the thresholds for which the run is to be stopped; empty: it goes
    /// on.
    func take(_ interval: LoadInterval) -> [LoadThreshold.Result] {
        let timeline = state.withLock { state in
            state.timeline.add(interval)
            do throws(CommandFailure) {
                try log?.add(interval)
            } catch {
                // A full disk is no reason to throw a measurement away.
                state.failure = state.failure ?? error
            }
            return state.timeline
        }
        view.show(timeline)
        return abortWatch?.crossed(by: timeline.figures) ?? []
    }

    /// Gives the terminal back, whatever happened.
    func end() { view.end() }

    /// Judges the run and writes everything that was asked for.
    ///
    /// - Returns: the status with which to end.
    /// - Throws: ``OutputClosed`` when nobody reads the output; ``CommandFailure`` when a file could not be written.
    func finish(_ record: LoadRecord) throws -> ExitStatus {
        end()
        var record = record
        record.judge(thresholds)
        if let baseline { record.compare(with: baseline, tolerances: tolerances) }
        log?.close()
        try formats.write(record, to: output)
        if let page {
            do {
                try page.write(contentsOf: Data(ReportPage(record: record).html.utf8))
            } catch {
                throw OutputFile.failure(pagePath, option: "--report", error)
            }
            output.say("the page is \(DisplayWidth.harmless(pagePath))")
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
        if formats.format != .table, record.verdict.status != .success {
            output.say("\(record.verdict.word): \(record.verdict.text)")
        }
        return record.verdict.status
    }
}
