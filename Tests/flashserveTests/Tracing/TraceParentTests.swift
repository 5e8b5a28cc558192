import Testing

@testable import flashserve

/// The vectors of the test suite of W3C Trace Context.
@Suite struct TraceParentTests {
    private static let trace = "12345678901234567890123456789012"
    private static let parent = "1234567890123456"

    @Test(
        "headers that count",
        arguments: [
            ("00-\(trace)-\(parent)-01", true), ("00-\(trace)-\(parent)-00", false), ("00-\(trace)-\(parent)-ff", true),
            ("00-\(trace)-\(parent)-02", false), ("cc-\(trace)-\(parent)-01", true),
            ("cc-\(trace)-\(parent)-01-what-the-future-will-be-like", true), ("cc-\(trace)-\(parent)-01-", true),
            ("01-\(trace)-\(parent)-00", false),
        ]
    )
    func valid(_ header: String, sampled: Bool) throws {
        let parsed = try #require(TraceParent(header))
        #expect(parsed.isSampled == sampled)
        #expect((parsed.traceHigh, parsed.traceLow) == (0x1234_5678_9012_3456, 0x7890_1234_5678_9012))
        #expect(parsed.parent == 0x1234_5678_9012_3456)
    }

    @Test(
        "headers that are ignored",
        arguments: [
            "", "00", "foo", "ff-\(trace)-\(parent)-01", "00-\(trace)-\(parent)-01-what-the-future-will-be-like",
            "00-\(trace)-\(parent)-01-", "00-\(trace)-\(parent)-01.", "cc-\(trace)-\(parent)-01.what-the-future",
            "00-\(trace)-\(parent)", "00-\(trace)-\(parent)-", "00-\(trace)-\(parent)-1", "00-\(trace)-\(parent)-001",
            "00-00000000000000000000000000000000-\(parent)-01", "00-\(trace)-0000000000000000-01",
            ".0-\(trace)-\(parent)-01", "0.-\(trace)-\(parent)-01", "0-\(trace)-\(parent)-01",
            "000-\(trace)-\(parent)-01", "00-.2345678901234567890123456789012-\(parent)-01",
            "00-1234567890123456789012345678901.-\(parent)-01", "00-1234567890123456789012345678901-\(parent)-01",
            "00-123456789012345678901234567890123-\(parent)-01", "00-\(trace)-.234567890123456-01",
            "00-\(trace)-123456789012345.-01", "00-\(trace)-123456789012345-01", "00-\(trace)-12345678901234567-01",
            "00-\(trace)-\(parent)-.0", "00-\(trace)-\(parent)-0.", "00-ABCDEF78901234567890123456789012-\(parent)-01",
            "00-\(trace)-ABCDEF7890123456-01", "00-\(trace)-\(parent)-0A", "00_\(trace)_\(parent)_01",
            "00-\(trace)-\(parent)-01, 00-\(trace)-\(parent)-01", "00-\(trace)-\(parent)-0é",
        ]
    )
    func invalid(_ header: String) {
        #expect(TraceParent(header) == nil)
    }
}
