import FlashSaleKit
import NIOHTTP1

/// What a request line asks for.
enum Route: Equatable {
    case checkout(user: [UInt8], item: Int64)
    case release(HoldCode)
    case purchase(HoldCode)
    case health
    case sale
    case livez
    case readyz(verbose: Bool)
    case refused(Refusal, of: RequestRoute = .other)

    /// What it is counted as.
    var name: RequestRoute {
        switch self {
        case .checkout: .checkout
        case .release: .release
        case .purchase: .purchase
        case .health: .health
        case .sale: .sale
        case .livez: .livez
        case .readyz: .readyz
        case .refused(_, let name): name
        }
    }

    /// Why a request line cannot be served.
    enum Refusal: Equatable {
        case notFound
        case methodNotAllowed(allow: String)
        case badRequest(String)
        case unknownCode
    }

    /// Reads method and request target. The target is what stands in the request line, `/path?query`.
    static func parse(method: HTTPMethod, target: UnsafeBufferPointer<UInt8>) -> Route {
        let mark = target.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
        let path = target[..<mark]
        let query = Query(bytes: target[min(mark + 1, target.endIndex)...])
        if equal(path, "/checkout") {
            switch method {
            case .POST: return checkout(query)
            case .DELETE: return withCode(query, of: .release) { .release($0) }
            default: return .refused(.methodNotAllowed(allow: "POST, DELETE"))
            }
        }
        if equal(path, "/purchase") {
            guard method == .POST else { return .refused(.methodNotAllowed(allow: "POST")) }
            return withCode(query, of: .purchase) { .purchase($0) }
        }
        return page(path: path, query: query, method: method)
    }

    private static func page(
        path: Slice<UnsafeBufferPointer<UInt8>>,
        query: Query,
        method: HTTPMethod
    ) -> Route {
        let route: Route
        if equal(path, "/health") {
            route = .health
        } else if equal(path, "/sale") {
            route = .sale
        } else if equal(path, "/livez") {
            route = .livez
        } else if equal(path, "/readyz") {
            route = .readyz(verbose: query.has("verbose"))
        } else {
            return .refused(.notFound)
        }
        return method == .GET ? route : .refused(.methodNotAllowed(allow: "GET"))
    }

    private static func checkout(_ query: Query) -> Route {
        switch query.value(of: "user_id") {
        case .missing: return badCheckout("The parameter user_id is missing.")
        case .malformed: return badCheckout("The parameter user_id is not percent-encoded correctly.")
        case .repeated: return badCheckout("The parameter user_id is given more than once.")
        case .bytes(let user):
            guard UserID.isValid(user) else {
                return badCheckout(UserID.fault(of: user, name: "user_id"))
            }
            guard case .bytes(let digits) = query.value(of: "id"), let item = itemID(digits) else {
                return badCheckout("id is one integer from 1 to 9223372036854775807.")
            }
            return .checkout(user: user, item: item)
        }
    }

    private static func badCheckout(_ message: String) -> Route {
        .refused(.badRequest(message), of: .checkout)
    }

    private static func withCode(_ query: Query, of name: RequestRoute, _ route: (HoldCode) -> Route) -> Route {
        guard case .bytes(let text) = query.value(of: "code"), !text.isEmpty else {
            return .refused(.badRequest("The parameter code is missing, empty or given more than once."), of: name)
        }
        guard let code = HoldCode(parsing: text) else { return .refused(.unknownCode, of: name) }
        return route(code)
    }

    /// Decimal digits only: no sign, no space, at most 19 digits, 1…2^63−1.
    private static func itemID(_ digits: [UInt8]) -> Int64? {
        guard (1...19).contains(digits.count) else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard (48...57).contains(digit) else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(digit - 48))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value > 0 ? value : nil
    }

    private static func equal(_ bytes: Slice<UnsafeBufferPointer<UInt8>>, _ text: StaticString) -> Bool {
        bytes.count == text.utf8CodeUnitCount
            && bytes.elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
