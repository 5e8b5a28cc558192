import FlashSaleKit
import Foundation
import TestSupport

extension Fault {
    /// Deaths inside a drain, at the places that the failpoints mark.
    static let drainFaults = [drainAbort]

    private static let drainAbort = Fault("drain-abort", setup: servers(1, or: 2)) { strike in
        let names = Failpoint.names.filter { $0.hasPrefix("ledger.") || $0.hasPrefix("attempts.") }
        let name = names[strike.seed % names.count]
        var environment: [String: String] = [:]
        var times = 1...6
        if name.hasSuffix("during-trim") {
            // After two minutes everything would be sold: nothing would ever be trimmed here.
            environment[Failpoint.keepVariable] = "300"
            // One trim a second, as long as there is something to trim.
            times = 1...3
        }
        environment[Failpoint.variable] = "\(name)@\(Int.random(in: times, using: &strike.random))=abort"
        await strike.shop.kill(0)
        let process = try strike.shop.launch(0, environment: environment)
        try await strike.expectDeath(of: process, at: name)
        try await strike.shop.start(0)
    }
}

extension Fault.Strike {
    /// Waits until a process has killed itself at its failpoint. If it never comes there, the run proves nothing.
    func expectDeath(of process: ServerProcess, at name: String) async throws {
        let status = try await process.end(within: TestPatience.limit)
        guard status == 128 + SIGKILL else {
            await process.destroy()
            throw SuiteError(
                "failpoint \(name) was not reached: status \(status.map(String.init) ?? "none"), log \(process.log)"
            )
        }
    }
}
