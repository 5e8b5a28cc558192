import FlashSaleKit
import Foundation
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import flashserve

/// A reader of server-sent events on a real socket.
final class EventReader: Sendable {
    struct Event: Sendable {
        var name: String
        var data: String

        var json: [String: Any] {
            get throws { try #require(try JSONSerialization.jsonObject(with: Data(data.utf8)) as? [String: Any]) }
        }

        /// The newest second that it tells of.
        var now: [String: Any] {
            get throws { try #require(try json["now"] as? [String: Any]) }
        }
    }

    /// Status line and header lines.
    let head: String
    private let channel: any Channel
    private let blocks: Blocks

    /// Hands out what stands between empty lines, one by one.
    private actor Blocks {
        private var iterator: AsyncStream<String>.Iterator?

        init(_ stream: AsyncStream<String>) { iterator = stream.makeAsyncIterator() }

        func next() async -> String? {
            guard var current = iterator else { return nil }
            iterator = nil
            let block = await current.next(isolation: self)
            iterator = current
            return block
        }
    }

    private init(head: String, channel: any Channel, blocks: Blocks) {
        self.head = head
        self.channel = channel
        self.blocks = blocks
    }

    static func connect(port: Int, headers: String = "") async throws -> EventReader {
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(BlockReader(continuation))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        let request = "GET /events HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\(headers)\r\n"
        try await channel.writeAndFlush(ByteBuffer(string: request))
        let blocks = Blocks(stream)
        let head = try #require(await blocks.next(), "the server has closed")
        return EventReader(head: head, channel: channel, blocks: blocks)
    }

    /// The next event; nil when the server has closed. What is no event, as `retry:`, is left out.
    func next() async -> Event? {
        while let block = await blocks.next() {
            let lines = block.split(separator: "\n")
            guard let name = lines.first(where: { $0.hasPrefix("event: ") }) else { continue }
            let data = lines.first { $0.hasPrefix("data: ") } ?? "data: "
            return Event(name: String(name.dropFirst(7)), data: String(data.dropFirst(6)))
        }
        return nil
    }

    /// The first event with this name for which `isWanted` is true, of the next hundred.
    func event(
        _ name: String = "second",
        sourceLocation: SourceLocation = #_sourceLocation,
        where isWanted: (Event) throws -> Bool = { _ in true }
    ) async throws -> Event {
        for _ in 0..<100 {
            let event = try #require(await next(), "the server has closed", sourceLocation: sourceLocation)
            if event.name == name, try isWanted(event) { return event }
        }
        throw MissingEvent(name: name)
    }

    func close() async throws { try await channel.close() }
}

/// What was waited for has not come.
struct MissingEvent: Error {
    let name: String
}

/// Splits the bytes of a connection at empty lines; carriage returns are left out.
private final class BlockReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let output: AsyncStream<String>.Continuation
    private var bytes: [UInt8] = []

    init(_ output: AsyncStream<String>.Continuation) { self.output = output }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        for byte in unwrapInboundIn(data).readableBytesView where byte != UInt8(ascii: "\r") {
            if byte == UInt8(ascii: "\n"), bytes.last == byte {
                output.yield(String(decoding: bytes.dropLast(), as: UTF8.self))
                bytes = []
            } else {
                bytes.append(byte)
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !bytes.isEmpty { output.yield(String(decoding: bytes, as: UTF8.self)) }
        output.finish()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// A reader that asks for the events and takes only what a test reads by hand.
final class LazyReader: Sendable {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = try narrowSocket(port: port)
        let request = Array("GET /events HTTP/1.1\r\n\r\n".utf8)
        #expect(send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count)
    }

    deinit { close(descriptor) }

    /// Everything that comes until it is complete and nothing more comes, or the server closes.
    func drain(until isComplete: (String) -> Bool) -> String {
        let deadline = ContinuousClock.now + TestPatience.limit
        var limit = timeval(tv_sec: 0, tv_usec: 300_000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(descriptor, &part, part.count, 0)
            guard count > 0 else {
                let text = String(decoding: all, as: UTF8.self)
                if count == 0 || isComplete(text) || ContinuousClock.now > deadline { return text }
                continue
            }
            all += part[..<count]
        }
    }
}

/// A server with its second listener on a free port.
func withLivePage(
    _ terms: SaleTerms = TestServer.terms(),
    _ body: @Sendable (_ server: TestServer, _ admin: Int) async throws -> Void
) async throws {
    let port = Shared(0)
    try await TestServer.with(
        terms,
        configure: { options in
            options.adminPort = 0
            options.guardInterval = .milliseconds(500)
            options.onAdminListening = { port.value = $0 }
        }
    ) { try await body($0, port.value) }
}
