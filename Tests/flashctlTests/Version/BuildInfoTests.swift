import FlashSaleKit
import Testing

@testable import flashctl

/// What `--version` says.
@Suite struct BuildInfoTests {
    @Test func itNamesVersionRevisionSwiftAndEveryScript() {
        let lines = BuildInfo.text.split(separator: "\n").map(String.init)
        #expect(lines.count == 4)
        #expect(lines[0] == "flashctl \(Flashctl.version)")
        #expect(lines[1] == "revision  \(BuildInfo.revision)")
        #expect(lines[2].wholeMatch(of: /Swift     6\.\d.*/) != nil)
        for script in SaleScript.allCases {
            #expect(lines[3].contains("\(script.rawValue) \(script.sha1.prefix(8))"))
        }
        #expect(SaleScript.allCases.allSatisfy { $0.sha1.count == 40 })
    }

    /// The build was told nothing, or the name of a commit, perhaps with files changed since.
    @Test func theRevisionIsACommitOrUnknown() {
        let revision = BuildInfo.revision
        #expect(!revision.isEmpty && revision != "FLASHCTL_REVISION")
        #expect(revision.wholeMatch(of: /unknown|[0-9A-Za-z.\-]*[0-9a-f]{7,40}(-dirty)?|[0-9A-Za-z.\-]+/) != nil)
    }
}
