import NIOHTTP1
import Testing

@testable import flashserve

/// What the second listener answers to, without a socket.
@Suite struct AdminRouteTests {
    private func route(_ method: HTTPMethod, _ uri: String, _ headers: HTTPHeaders = [:]) -> AdminRoute {
        AdminRoute(HTTPRequestHead(version: .http1_1, method: method, uri: uri, headers: headers))
    }

    @Test("three paths, read only")
    func paths() {
        #expect(route(.GET, "/") == .page && route(.GET, "/?x=1") == .page)
        #expect(route(.GET, "/events") == .events && route(.GET, "/metrics?a") == .metrics)
        for path in ["", "//", "/events/", "/index.html", "/checkout", "/../", "/page.html", "/favicon.ico"] {
            #expect(route(.GET, path) == .notFound, "\(path)")
        }
        for path in ["/", "/events", "/metrics"] {
            for method in [HTTPMethod.HEAD, .POST, .PUT, .DELETE, .OPTIONS, .PATCH] {
                #expect(route(method, path) == .methodNotAllowed, "\(method) \(path)")
            }
        }
        #expect(route(.POST, "/elsewhere") == .notFound)
    }

    @Test("the page answers to the names of this machine, whatever the port of the tunnel")
    func ownNames() {
        for host in ["127.0.0.1:9090", "127.0.0.1", "localhost:19090", "LOCALHOST", "[::1]:9090", "[::1]"] {
            #expect(route(.GET, "/", ["Host": host]) == .page, "\(host)")
            #expect(route(.GET, "/events", ["Host": host]) == .events, "\(host)")
        }
    }

    @Test("a name that somebody has pointed to 127.0.0.1 gets nothing, and no other page opens connections")
    func foreignNames() {
        for host in ["evil.example", "evil.example:9090", "127.0.0.1.evil.example", "localhost.evil.example", "[::2]"] {
            #expect(route(.GET, "/", ["Host": host]) == .foreign, "\(host)")
            #expect(route(.GET, "/events", ["Host": host]) == .foreign, "\(host)")
            #expect(route(.GET, "/metrics", ["Host": host]) == .metrics, "scrapers come by any name")
        }
        let cross: HTTPHeaders = ["Host": "127.0.0.1:9090", "Sec-Fetch-Site": "cross-site"]
        #expect(route(.GET, "/events", cross) == .foreign)
        let own: HTTPHeaders = ["Host": "127.0.0.1:9090", "Sec-Fetch-Site": "same-origin"]
        #expect(route(.GET, "/events", own) == .events)
    }
}
