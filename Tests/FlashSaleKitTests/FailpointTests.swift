import Foundation
import Testing

@testable import FlashSaleKit

@Suite struct FailpointTests {
    @Test func aFailpointIsDueAtItsTimeAndNeverAgain() throws {
        let once = try ArmedFailpoint(parsing: "ledger.before-commit=abort")
        #expect(once.action == .abort)
        #expect(!once.isDue("ledger.after-commit"))
        #expect((0..<4).map { _ in once.isDue("ledger.before-commit") } == [true, false, false, false])
        let third = try ArmedFailpoint(parsing: "attempts.after-copy@3=stop")
        #expect(third.action == .stop)
        #expect((0..<4).map { _ in third.isDue("attempts.after-copy") } == [false, false, true, false])
    }

    @Test(arguments: [
        "", "=", "ledger.before-commit", "ledger.before-commit=", "ledger.before-commit=explode", "=abort",
        "ledger.before-comit=abort", "ledger.before-commit@0=abort", "ledger.before-commit@=abort",
        "ledger.before-commit@1@2=abort", "ledger.before-commit@x=stop", "ledger.before-commit=abort=stop",
    ])
    func whatNamesNoFailpointIsAnError(_ text: String) throws {
        let error = try #require(throws: ConfigurationError.self) {
            try Failpoint.check([Failpoint.variable: text])
        }
        #expect(error.description.contains("FLASHCTL_FAILPOINT: `\(text)` names no failpoint"))
        #expect(error.nextStep.contains("rotation.drained"))
    }

    @Test func noFailpointIsNoError() throws {
        try Failpoint.check(["PATH": "/bin"])
        try Failpoint.check([Failpoint.variable: "rotation.drained@2=stop"])
    }

    @Test func theTimeThatDrainedEntriesStayIsANumber() throws {
        try Failpoint.check([Failpoint.keepVariable: "300"])
        let error = try #require(throws: ConfigurationError.self) {
            try Failpoint.check([Failpoint.keepVariable: "soon"])
        }
        #expect(error.description.contains("FLASHCTL_JOURNAL_KEEP_MS: `soon` is no number of milliseconds"))
        // Not set here: the limits of production stay as they are.
        #expect(Failpoint.limits(DrainLimits()) == DrainLimits())
    }

    /// A name that nobody reaches would make every test with it pass.
    @Test func everyFailpointHasItsPlaceAndEveryPlaceAKnownName() throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources")
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        var placed: Set<String> = []
        for case let file as URL in files where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            for line in text.split(separator: "\n") where line.contains("Failpoint.reach(") {
                placed.formUnion(line.split(separator: "\"").dropFirst().filter { $0.contains(".") }.map(String.init))
            }
        }
        #expect(placed.subtracting(Failpoint.names).isEmpty)
        let own = Failpoint.names.filter { !$0.hasPrefix("recovery.") }
        #expect(Set(own).subtracting(placed).isEmpty)
        #expect(Set(Failpoint.names).count == Failpoint.names.count)
    }
}
