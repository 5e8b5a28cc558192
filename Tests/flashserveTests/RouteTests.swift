import FlashSaleKit
import NIOHTTP1
import Testing

@testable import flashserve

@Suite struct RouteTests {
    private func parse(_ target: String, _ method: HTTPMethod = .POST) -> Route {
        var text = target
        return text.withUTF8 { Route.parse(method: method, target: $0) }
    }

    private func isBadRequest(_ route: Route) -> Bool {
        if case .refused(.badRequest, of: _) = route { true } else { false }
    }

    @Test func checkoutTakesUserAndItem() {
        #expect(parse("/checkout?user_id=alice&id=7") == .checkout(user: Array("alice".utf8), item: 7))
        #expect(parse("/checkout?id=7&user_id=alice") == .checkout(user: Array("alice".utf8), item: 7))
        #expect(parse("/checkout?user_id=a&id=9223372036854775807") == .checkout(user: [97], item: .max))
    }

    @Test func usersAreDecoded() {
        #expect(parse("/checkout?user_id=J%C3%BCrgen+M%2B&id=1") == .checkout(user: Array("Jürgen M+".utf8), item: 1))
        #expect(parse("/checkout?user_id=%F0%9F%8E%89&id=1") == .checkout(user: Array("🎉".utf8), item: 1))
        #expect(parse("/checkout?user_id=a:b'c\"d\\e&id=1") == .checkout(user: Array("a:b'c\"d\\e".utf8), item: 1))
    }

    @Test(
        "what is no user id is refused before anything is asked of Redis",
        arguments: [
            "", "user_id=", "user_id=%00", "user_id=a%09b", "user_id=a%0Ab", "user_id=%7F", "user_id=%C2%85",
            "user_id=%FF", "user_id=%C3", "user_id=%ED%A0%80", "user_id=%zz", "user_id=%4", "user_id=a&user_id=b",
            "user_id=" + String(repeating: "x", count: 256),
        ]
    )
    func badUsers(_ query: String) {
        #expect(isBadRequest(parse("/checkout?\(query)&id=1")))
    }

    @Test(
        "an invalid item id takes no stock and no quota: it is refused at the door",
        arguments: [
            "", "id=", "id=0", "id=-1", "id=+1", "id=1.0", "id=%201", "id=abc", "id=9223372036854775808",
            "id=99999999999999999999999", "id=1&id=2", "id=0x10", "id=1%00",
        ]
    )
    func badItems(_ query: String) {
        #expect(isBadRequest(parse("/checkout?user_id=alice&\(query)")))
    }

    @Test func longestUserIsAccepted() {
        let user = String(repeating: "x", count: 255)
        #expect(parse("/checkout?user_id=\(user)&id=1") == .checkout(user: Array(user.utf8), item: 1))
    }

    @Test func codesAreReadCaseInsensitively() throws {
        let sale = try #require(SaleID(88))
        let code = HoldCode(saleID: sale, high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210)
        #expect(parse("/purchase?code=\(code)") == .purchase(code))
        #expect(parse("/purchase?code=\(code.description.lowercased())") == .purchase(code))
        #expect(parse("/checkout?code=\(code)", .DELETE) == .release(code))
    }

    @Test func codesThatNoSaleIssuesAreUnknownNotBad() {
        for text in ["x", "2R-", "2R-7ZK3", "2R-!!!!!!!!!!!!!!!!!!!!!!!!!!", "-00000000000000000000000000"] {
            #expect(parse("/purchase?code=\(text)") == .refused(.unknownCode, of: .purchase))
        }
        #expect(isBadRequest(parse("/purchase")))
        #expect(isBadRequest(parse("/purchase?code=")))
    }

    @Test func pathsAndMethods() {
        #expect(parse("/health", .GET) == .health)
        #expect(parse("/sale", .GET) == .sale)
        #expect(parse("/livez", .GET) == .livez)
        #expect(parse("/readyz", .GET) == .readyz(verbose: false))
        #expect(parse("/readyz?verbose", .GET) == .readyz(verbose: true))
        #expect(parse("/checkout?user_id=a&id=1", .GET) == .refused(.methodNotAllowed(allow: "POST, DELETE")))
        #expect(parse("/purchase?code=a", .PUT) == .refused(.methodNotAllowed(allow: "POST")))
        #expect(parse("/health", .POST) == .refused(.methodNotAllowed(allow: "GET")))
        for path in ["/", "", "/checkout/", "/checkouts", "/Checkout", "//checkout", "/metrics", "/admin"] {
            #expect(parse(path, .GET) == .refused(.notFound))
        }
    }
}
