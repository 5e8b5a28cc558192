import FlashSaleKit
import Glibc
import NIOCore
import NIOPosix

/// The public socket: accepts connections and puts the handlers of each on its loop.
enum Listener {
    /// Connections that may wait to be accepted.
    private static let backlog: Int32 = 4096

    static func bind(host: String, port: Int, group: MultiThreadedEventLoopGroup, loops: [LoopHandle]) async throws
        -> any Channel
    {
        let servers = Dictionary(uniqueKeysWithValues: loops.map { (ObjectIdentifier($0.loop), $0) })
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // A crowd arrives at once: accept many per turn.
            .serverChannelOption(.maxMessagesPerRead, value: 256)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: false)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4096))
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 8192, high: 32_768))
            .childChannelInitializer { channel in
                guard let handle = servers[ObjectIdentifier(channel.eventLoop)] else {
                    return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
                }
                return channel.eventLoop.makeCompletedFuture { try addHandlers(to: channel, handle.onLoop) }
            }
        do {
            return try await bootstrap.bind(host: host, port: port).get()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw ServerError(
                .cannotListen,
                "\(host):\(port) is in use by another process",
                nextStep: "stop it (see `ss -ltnp`), or choose another port with --port or PORT"
            )
        } catch {
            throw ServerError(.cannotListen, "cannot listen on \(host):\(port): \(error)")
        }
    }

    private static func addHandlers(to channel: any Channel, _ server: LoopServer) throws {
        let connection = ConnectionHandler(server: server)
        let limits = server.headerLimits
        let decoder = RequestDecoder(connection: connection, limits: limits)
        try channel.pipeline.syncOperations.addHandlers(
            RequestGuard(connection: connection),
            ByteToMessageHandler(decoder, maximumBufferSize: limits.undecodedBytes),
            connection
        )
    }
}
