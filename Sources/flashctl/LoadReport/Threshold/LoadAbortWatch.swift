/// Decides during a run whether it is worth going on: `--abort-on-fail`.
struct LoadAbortWatch: Sendable {
    /// Seconds of load before rates and percentiles are judged: the first second of a run is no average of it.
    static let patience = 10.0

    var thresholds: [LoadThreshold]

    /// Thresholds that are crossed for good, or that the sums so far cross after ``patience``.
    func crossed(by figures: LoadFigures) -> [LoadThreshold.Result] {
        thresholds.filter { threshold in
            !threshold.needsTheEnd && (threshold.staysTrue || figures.seconds >= LoadAbortWatch.patience)
        }
        // Not measured yet is no reason to stop.
        .map { $0.result(for: figures) }.filter { $0.isFailure && $0.value != nil }
    }
}
