import NIOCore

/// Stands before the HTTP decoder, which bounds header fields but not the request line: counts the bytes of an
/// unfinished line, and tells the connection when a request begins so that its head has a deadline.
///
/// Lives on one event loop.
final class RequestGuard: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: ConnectionHandler
    private var lineLength = 0
    private var lineEnded = false

    init(connection: ConnectionHandler) {
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.receivedBytes()
        if connection.isReadingHead {
            let bytes = unwrapInboundIn(data)
            if !lineEnded { measureLine(bytes.readableBytesView) }
            if lineLength > Limits.requestLine {
                connection.refuse(.lineTooLong(lineLength, isWhole: lineEnded))
                return
            }
        }
        context.fireChannelRead(data)
        // Between two requests the next bytes start a line again.
        if connection.isBetweenRequests {
            lineEnded = false
            lineLength = 0
        }
    }

    private func measureLine(_ bytes: ByteBufferView) {
        if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
            lineLength += end - bytes.startIndex
            lineEnded = true
        } else {
            lineLength += bytes.count
        }
    }
}
