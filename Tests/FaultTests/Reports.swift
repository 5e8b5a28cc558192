import Synchronization

@testable import faultsuite

/// Collects reports that come in from several runs at once.
final class Reports: Sendable {
    private let reports = Mutex<[FaultReport]>([])

    var all: [FaultReport] { reports.withLock { $0 } }

    func add(_ report: FaultReport) { reports.withLock { $0.append(report) } }
}
