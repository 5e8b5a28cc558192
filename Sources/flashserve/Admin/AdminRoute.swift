import NIOHTTP1

/// What is asked of the second listener. Everything there only reads.
enum AdminRoute: Equatable, Sendable {
    /// The live page.
    case page
    /// What the live page shows, once a second.
    case events
    /// What Prometheus scrapes.
    case metrics
    /// No such path.
    case notFound
    /// The path takes GET only.
    case methodNotAllowed
    /// A page of somebody else asks, through the browser of an operator.
    case foreign

    /// The names of this machine: behind any other one, a page of somebody else may have led the browser here.
    private static let names: Set<Substring> = ["127.0.0.1", "localhost", "[::1]"]

    /// Where a request belongs. `/metrics` takes any name: scrapers are no browsers and may come through a proxy.
    init(_ head: HTTPRequestHead) {
        let path = head.uri.prefix { $0 != "?" }
        guard let route: AdminRoute = ["/": .page, "/events": .events, "/metrics": .metrics][path] else {
            self = .notFound
            return
        }
        if head.method != .GET {
            self = .methodNotAllowed
        } else if route != .metrics, AdminRoute.isForeign(head.headers) {
            self = .foreign
        } else {
            self = route
        }
    }

    /// The listener is on 127.0.0.1, but so is the browser: a name that was pointed to 127.0.0.1, or a page that only
    /// opens connections, must get nothing.
    private static func isForeign(_ headers: HTTPHeaders) -> Bool {
        if headers.first(name: "sec-fetch-site") == "cross-site" { return true }
        guard let host = headers.first(name: "host") else { return false }
        let name = host.hasPrefix("[") ? host.prefix { $0 != "]" } + "]" : host.prefix { $0 != ":" }
        return !names.contains(Substring(name.lowercased()))
    }
}
