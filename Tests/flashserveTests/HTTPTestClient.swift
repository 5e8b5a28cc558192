import Foundation
import NIOCore
import NIOPosix
import Testing

/// One connection that sends bytes as the test wrote them and reads responses as they come.
final class HTTPTestClient: Sendable {
    struct Response: Sendable {
        let status: Int
        /// Names in lower case.
        let headers: [String: String]
        /// All header lines as they came.
        let lines: [String]
        let body: String

        var json: [String: Any] {
            get throws {
                try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])
            }
        }

        /// `error` of the body.
        var error: String? {
            get throws { try json["error"] as? String }
        }

        /// `code` of the body.
        var code: String {
            get throws { try #require(try json["code"] as? String) }
        }
    }

    private let channel: any Channel
    private let responses: AsyncStream<Response>
    private let iterator: ResponseIterator

    /// Hands out responses one by one; a test uses a connection from one task at a time.
    private actor ResponseIterator {
        private var iterator: AsyncStream<Response>.Iterator?

        init(_ stream: AsyncStream<Response>) {
            iterator = stream.makeAsyncIterator()
        }

        func next() async -> Response? {
            guard var current = iterator else { return nil }
            iterator = nil
            let response = await current.next(isolation: self)
            iterator = current
            return response
        }
    }

    private init(channel: any Channel, responses: AsyncStream<Response>) {
        self.channel = channel
        self.responses = responses
        iterator = ResponseIterator(responses)
    }

    static func connect(port: Int) async throws -> HTTPTestClient {
        let (stream, continuation) = AsyncStream<Response>.makeStream()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ResponseReader(continuation))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return HTTPTestClient(channel: channel, responses: stream)
    }

    /// Sends bytes and waits until they are handed to the system.
    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text))
    }

    /// The next response; nil when the server has closed the connection.
    func receive() async -> Response? {
        await iterator.next()
    }

    /// Sends a request and waits for its response.
    func request(_ method: String, _ target: String, headers: String = "") async throws -> Response {
        try await send("\(method) \(target) HTTP/1.1\r\nHost: test\r\n\(headers)\r\n")
        return try #require(await receive(), "the server closed the connection")
    }

    /// A checkout.
    func checkout(_ user: String, item: Int = 7, key: String? = nil) async throws -> Response {
        let allowed = CharacterSet.alphanumerics
        let encoded = try #require(user.addingPercentEncoding(withAllowedCharacters: allowed))
        let headers = key.map { "Idempotency-Key: \($0)\r\n" } ?? ""
        return try await request("POST", "/checkout?user_id=\(encoded)&id=\(item)", headers: headers)
    }

    /// A purchase.
    func purchase(_ code: String) async throws -> Response {
        try await request("POST", "/purchase?code=\(code)")
    }

    func close() async throws {
        try await channel.close()
    }
}

/// Splits the bytes of a connection into responses with Content-Length.
private final class ResponseReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let output: AsyncStream<HTTPTestClient.Response>.Continuation
    private var bytes = ByteBuffer()

    init(_ output: AsyncStream<HTTPTestClient.Response>.Continuation) {
        self.output = output
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes.writeImmutableBuffer(unwrapInboundIn(data))
        while let response = next() { output.yield(response) }
    }

    private func next() -> HTTPTestClient.Response? {
        let text = String(buffer: bytes)
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        let status = Int(lines[0].split(separator: " ")[1]) ?? 0
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        let headLength = text[..<end.upperBound].utf8.count
        guard bytes.readableBytes >= headLength + length else { return nil }
        bytes.moveReaderIndex(forwardBy: headLength)
        let body = bytes.readString(length: length) ?? ""
        return HTTPTestClient.Response(
            status: status,
            headers: headers,
            lines: Array(lines.dropFirst()),
            body: body
        )
    }

    func channelInactive(context: ChannelHandlerContext) {
        output.finish()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
