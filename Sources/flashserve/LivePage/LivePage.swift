import Crypto
import Foundation

/// The live page: one file that needs nothing else. Its parts lie in `page/` and are put together once.
enum LivePage {
    /// The whole file.
    static let html = text(PackageResources.page_html)
        .replacingOccurrences(of: "/*@style@*/", with: style)
        .replacingOccurrences(of: "/*@script@*/", with: script)

    /// What a browser may do on its behalf: run exactly this script, use exactly this style, and read the events.
    static let policy =
        "default-src 'none'; script-src '\(hash(script))'; style-src '\(hash(style))'; img-src data:; "
        + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    private static let style = "\n" + text(PackageResources.style_css)

    /// The parts share one scope, the later ones use the earlier ones.
    private static let script =
        "\n'use strict';\n(() => {\n"
        + [
            PackageResources.words_js, PackageResources.chart_js, PackageResources.panels_js, PackageResources.live_js,
        ].map(text).joined(separator: "\n") + "})();\n"

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// What stands between the tags, as the policy names it.
    private static func hash(_ text: String) -> String {
        "sha256-" + Data(SHA256.hash(data: Data(text.utf8))).base64EncodedString()
    }
}
