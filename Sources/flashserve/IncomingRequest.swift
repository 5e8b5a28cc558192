import NIOHTTP1

/// One request between its head and its end.
struct IncomingRequest {
    let route: Route
    let keepAlive: Bool
    /// Whether the decoder stops behind it; see ``RequestDecoder``.
    let stopsDecoder: Bool
    let targetLength: Int
    let announcedBody: Int
    let idempotencyKey: [UInt8]?
    var bodyLength = 0

    init(head: HTTPRequestHead) {
        var target = head.uri
        targetLength = target.utf8.count
        route = target.withUTF8 { Route.parse(method: head.method, target: $0) }
        let upgrade = Upgrade(head.headers)
        stopsDecoder = upgrade == .ignored
        // An HTTP/1.0 client may wait for the end of the connection, a HEAD request expects no body, and behind a
        // CONNECT come bytes of another protocol.
        keepAlive =
            head.isKeepAlive && head.version.minor == 1 && head.method != .HEAD && head.method != .CONNECT
            && upgrade != .doubtful
        announcedBody = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
        idempotencyKey = head.headers.first(name: "idempotency-key").map { Array($0.utf8) }
    }

    /// Whether a request asks for another protocol, as the decoder understands it. This server switches to none.
    enum Upgrade: Equatable {
        /// It does not: one of the two fields is missing.
        case none
        /// It does: the decoder stops behind it.
        case ignored
        /// The word is there, but not as an option between commas: whether the decoder stops is not sure.
        case doubtful

        private static let option = "upgrade"

        init(_ headers: HTTPHeaders) {
            self = .none
            guard headers["upgrade"].contains(where: { $0.contains { $0 != " " && $0 != "\t" } }) else { return }
            // The decoder takes both names for the same.
            for field in headers["connection"] + headers["proxy-connection"] {
                let field = field.lowercased()
                guard field.contains(Upgrade.option) else { continue }
                let isPlain = !field.contains("\t") && field.split(separator: ",").allSatisfy(Upgrade.isClear)
                guard isPlain else {
                    self = .doubtful
                    return
                }
                self = .ignored
            }
        }

        /// Whether one of the parts between commas is the option or has nothing of it.
        private static func isClear(_ part: Substring) -> Bool {
            let word = part.drop { $0 == " " }
            guard word.contains(option) else { return true }
            return word.hasPrefix(option) && word.dropFirst(option.count).allSatisfy { $0 == " " }
        }
    }
}
