import FlashSaleKit
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The socket for the operators of this machine: the live page and the metrics, on 127.0.0.1 only. It changes nothing.
struct AdminListener: Sendable {
    /// Only this machine may ask.
    static let host = "127.0.0.1"
    /// Connections that may wait to be accepted.
    private static let backlog: Int32 = 64

    let channel: any Channel
    let feed: LiveFeed

    /// The port that it has.
    var port: Int { channel.localAddress?.port ?? 0 }

    static func bind(
        port: Int,
        limits: HeaderLimits,
        group: any EventLoopGroup,
        metrics: ServerMetrics,
        feed: LiveFeed
    ) async throws -> AdminListener {
        let count = OpenAdminConnections()
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                guard count.add() else { return channel.close() }
                channel.closeFuture.whenComplete { _ in count.remove() }
                return channel.eventLoop.makeCompletedFuture {
                    let decoder = HTTPRequestDecoder(
                        leftOverBytesStrategy: .dropBytes,
                        limitConfiguration: limits.configuration
                    )
                    try channel.pipeline.syncOperations.addHandlers(
                        ByteToMessageHandler(decoder, maximumBufferSize: limits.undecodedBytes),
                        IdleStateHandler(allTimeout: Limits.adminIdleTime),
                        AdminHandler(metrics: metrics, feed: feed)
                    )
                }
            }
        do {
            return AdminListener(channel: try await bootstrap.bind(host: host, port: port).get(), feed: feed)
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw ServerError(
                .cannotListen,
                "\(host):\(port), the port of the live page and the metrics, is in use by another process",
                nextStep: "choose another one with --admin-port, or 0 for none"
            )
        } catch {
            throw ServerError(
                .cannotListen,
                "cannot listen on \(host):\(port) for the live page and the metrics: \(error)"
            )
        }
    }

    /// Takes no new connection, and ends the events of those who watch.
    func close() async {
        do {
            try await channel.close()
        } catch {
            // Closed already: the group of its loop has gone first.
        }
        feed.close()
    }
}

/// How many connections are open.
private final class OpenAdminConnections: Sendable {
    private let count = Mutex(0)

    /// False when there are too many already.
    func add() -> Bool {
        count.withLock { count in
            guard count < Limits.adminConnections else { return false }
            count += 1
            return true
        }
    }

    func remove() {
        count.withLock { $0 -= 1 }
    }
}
