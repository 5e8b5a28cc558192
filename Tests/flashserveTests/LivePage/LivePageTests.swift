import Crypto
import Foundation
import Testing

@testable import flashserve

/// The page as it is sent.
@Suite struct LivePageTests {
    private let html = LivePage.html

    /// What stands between two texts, each time.
    private func between(_ start: String, _ end: String) -> [String] {
        html.components(separatedBy: start).dropFirst().map { $0.components(separatedBy: end)[0] }
    }

    @Test("one file that needs nothing else")
    func selfContained() {
        #expect(!html.contains("@style@") && !html.contains("@script@"))
        #expect(html.components(separatedBy: "<script").count == 2 && html.components(separatedBy: "<style").count == 2)
        for word in [
            "src=", "@import", "url(", "https://", "//cdn", "eval(", "innerHTML", "outerHTML", "insertAdjacent",
        ]
        where html.contains(word) {
            Issue.record("\(word)")
        }
        // The name of a language of drawings, in the icon and in the script.
        let addresses = between("http://", "'")
        #expect(Set(addresses) == ["www.w3.org/2000/svg"])
        #expect(between("EventSource('", "'") == ["events"] && between("fetch('", "'") == ["events"])
        #expect(html.utf8.count < 80_000)
    }

    @Test("the policy lets exactly this script and this style run, and nothing be loaded")
    func policy() throws {
        func hash(_ text: String) -> String {
            "'sha256-\(Data(SHA256.hash(data: Data(text.utf8))).base64EncodedString())'"
        }
        let script = try #require(between("<script>", "</script>").first)
        let style = try #require(between("<style>", "</style>").first)
        let rules = LivePage.policy.components(separatedBy: "; ")
        #expect(
            rules == [
                "default-src 'none'", "script-src \(hash(script))", "style-src \(hash(style))", "img-src data:",
                "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
            ]
        )
        #expect(!html.contains(" style=") && !html.contains(" onclick"), "the policy would not let it")
    }

    @Test("what the script writes into is there, once")
    func identifiers() {
        let ids = between(" id=\"", "\"")
        #expect(ids.count == Set(ids).count, "an id is not unique")
        var used = Set(between("byID('", "'") + between("write('", "'") + between("new Chart('", "'"))
        for limit in [10, 30, 60] { used.formUnion(["lapsing-\(limit)", "lapsing-bar-\(limit)"]) }
        used.formUnion(["free", "held", "sold", "free-share", "held-share", "sold-share"])
        #expect(used.subtracting(ids).isEmpty, "\(used.subtracting(ids))")
        for name in between("aria-labelledby=\"", "\"") { #expect(ids.contains(name), "\(name)") }
    }

    @Test("landmarks, one first heading, tables with captions, and a polite sentence")
    func structure() {
        for tag in ["<main ", "<header>", "<footer>", "<noscript>", "lang=\"en\"", "name=\"viewport\""] {
            #expect(html.components(separatedBy: tag).count == 2, "\(tag)")
        }
        #expect(html.components(separatedBy: "<h1").count == 2)
        #expect(between("<table", "</table>").allSatisfy { $0.contains("<caption>") })
        #expect(between("aria-live=\"", "\"") == ["polite"])
        #expect(html.contains("prefers-color-scheme: dark") && html.contains("prefers-reduced-motion"))
    }

    @Test("every column of a second is one that the script knows, and the other way round")
    func columns() {
        let script = between("<script>", "</script>")[0]
        let known = LivePoint.columns
        for name in ["backlog_entries", "free_units", "held_units", "sold_units", "user_limit", "sold_out", "refused"] {
            #expect(known.contains(name) && script.contains(name), "\(name)")
        }
        for kind in ["checkout", "purchase"] {
            for share in ["p50", "p99"] { #expect(known.contains("\(kind)_\(share)")) }
            #expect(script.contains("`${kind}_p50`, `${kind}_p99`"))
        }
    }
}
