import NIOCore
import NIOHTTP1

/// Decodes requests, also those behind one that asks for another protocol.
///
/// The decoder of swift-nio stops for good behind a request with `Connection: Upgrade` and `Upgrade`, because the next
/// bytes may be of the other protocol. This server switches to none, and says so by answering in HTTP/1.1 (RFC 9110,
/// section 7.8): the next bytes are the next request, and a new decoder takes them. The JDK's HttpClient asks for h2c
/// with each request and sends the next one over the same connection.
///
/// Lives on one event loop.
final class RequestDecoder: ByteToMessageDecoder {
    typealias InboundOut = HTTPServerRequestPart

    private let connection: ConnectionHandler
    private let limits: HeaderLimits
    private var decoder: HTTPRequestDecoder

    init(connection: ConnectionHandler, limits: HeaderLimits) {
        self.connection = connection
        self.limits = limits
        decoder = RequestDecoder.make(limits)
    }

    private static func make(_ limits: HeaderLimits) -> HTTPRequestDecoder {
        HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits.configuration)
    }

    func decoderAdded(context: ChannelHandlerContext) { decoder.decoderAdded(context: context) }

    func decoderRemoved(context: ChannelHandlerContext) { decoder.decoderRemoved(context: context) }

    func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        var state = try decoder.decode(context: context, buffer: &buffer)
        // It stops exactly behind such a request: nothing of the next one has been decoded.
        while connection.takeDecoderStop() {
            decoder.decoderRemoved(context: context)
            decoder = RequestDecoder.make(limits)
            decoder.decoderAdded(context: context)
            guard buffer.readableBytes > 0 else { break }
            state = try decoder.decode(context: context, buffer: &buffer)
        }
        return state
    }

    func decodeLast(
        context: ChannelHandlerContext,
        buffer: inout ByteBuffer,
        seenEOF: Bool
    ) throws -> DecodingState {
        if buffer.readableBytes > 0 { _ = try decode(context: context, buffer: &buffer) }
        return try decoder.decodeLast(context: context, buffer: &buffer, seenEOF: seenEOF)
    }
}
