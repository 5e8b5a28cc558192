import FlashSaleKit
import Foundation
import Histogram

/// Writes a log that every HdrHistogram tool reads (format 1.3): one line for each outcome of each interval, the
/// outcome as its tag. Latencies are nanoseconds from the intended send time; the column of maxima is in milliseconds,
/// as the tools expect. The warm-up is written too, tagged `warmup_…`.
final class HistogramLog: Sendable {
    private let path: String
    private let handle: FileHandle

    /// Begins a file; one that is there is replaced.
    ///
    /// - Throws: ``CommandFailure`` when it cannot be written.
    init(path: String, startedAt: Timestamp, version: String) throws(CommandFailure) {
        self.path = DisplayWidth.harmless(path)
        handle = try OutputFile.begin(path, option: "--hdr-log")
        let seconds = Double(startedAt.microseconds) / 1e6
        try write(
            """
            #[Logged with flashctl \(version)]
            #[Histogram log format version 1.3]
            #[StartTime: \(HistogramLog.milliseconds(seconds)) (seconds since epoch), \(startedAt.rfc3339)]
            #[BaseTime: \(HistogramLog.milliseconds(seconds)) (seconds since epoch)]
            "StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"

            """
        )
    }

    /// Writes what happened in an interval.
    func add(_ interval: LoadInterval) throws(CommandFailure) {
        var lines = ""
        for outcome in LoadOutcome.allCases {
            guard let histogram = interval.latencies[outcome], histogram.totalCount > 0 else { continue }
            let tag = (interval.isWarmup ? "warmup_" : "") + outcome.rawValue
            let times = [interval.start, interval.length, Double(histogram.valueAtPercentile(100)) / 1e6]
            lines += "Tag=\(tag)," + times.map(HistogramLog.milliseconds).joined(separator: ",")
            lines += "," + HistogramEncoding.base64(histogram) + "\n"
        }
        try write(lines)
    }

    func close() {
        // Every line was written when it came: nothing can be lost any more.
        try? handle.close()
    }

    private func write(_ text: String) throws(CommandFailure) {
        do {
            try handle.write(contentsOf: Data(text.utf8))
        } catch {
            throw OutputFile.failure(path, option: "--hdr-log", error)
        }
    }

    /// Three decimals, a point, nothing that groups digits.
    private static func milliseconds(_ number: Double) -> String {
        let thousandths = Int64((max(0, number) * 1000).rounded())
        let fraction = String(thousandths % 1000)
        return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }
}
