import Glibc
import Logging
import NIOCore
import NIOPosix
import NIOSSL

extension RedisChannel {
    /// Connects, with TLS, `AUTH` and `SELECT` done and a `PING` answered, all within `options.connectTimeout`. Fails
    /// with a `RedisError`: `.connectFailed` or `.authentication`.
    public static func connect(
        to endpoint: RedisEndpoint,
        on eventLoop: any EventLoop,
        options: RedisConnectionOptions = .init(),
        logger: Logger
    ) -> EventLoopFuture<NIOLoopBound<RedisChannel>> {
        let deadline = NIODeadline.now() + options.connectTimeout
        return RedisTLS.context(for: endpoint, on: eventLoop).flatMap { tls in
            openSocket(to: endpoint, tls, on: eventLoop, options, logger)
        }.flatMap { channel in
            handshake(on: channel, endpoint, options, deadline)
        }
    }

    private static func openSocket(
        to endpoint: RedisEndpoint,
        _ tls: NIOSSLContext?,
        on eventLoop: any EventLoop,
        _ options: RedisConnectionOptions,
        _ logger: Logger
    ) -> EventLoopFuture<any Channel> {
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(options.connectTimeout)
            // A command must not wait for the acknowledgement of the one before.
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let operations = channel.pipeline.syncOperations
                    if let tls { try operations.addHandler(RedisTLS.handler(tls, for: endpoint)) }
                    try operations.addHandler(
                        RedisChannelHandler(location: endpoint.location, options: options, logger: logger)
                    )
                }
            }
        let connected: EventLoopFuture<any Channel> =
            switch endpoint.target {
            case .tcp(let host, let port): keptAlive(bootstrap).connect(host: host, port: port)
            case .unix(let path): bootstrap.connect(unixDomainSocketPath: path)
            }
        return connected.flatMapErrorThrowing { error in
            throw connectFailed(endpoint, error)
        }
    }

    /// See ``KeepAlive``; unix sockets know none of this, and need none.
    private static func keptAlive(_ bootstrap: ClientBootstrap) -> ClientBootstrap {
        let settings = [
            (TCP_KEEPIDLE, KeepAlive.idleSeconds),
            (TCP_KEEPINTVL, KeepAlive.intervalSeconds),
            (TCP_KEEPCNT, KeepAlive.probes),
            (TCP_USER_TIMEOUT, KeepAlive.userTimeoutMilliseconds),
        ]
        return settings.reduce(bootstrap.channelOption(.socketOption(.so_keepalive), value: 1)) {
            $0.channelOption(.tcpOption(NIOBSDSocket.Option(rawValue: $1.0)), value: $1.1)
        }
    }

    private static func handshake(
        on channel: any Channel,
        _ endpoint: RedisEndpoint,
        _ options: RedisConnectionOptions,
        _ deadline: NIODeadline
    ) -> EventLoopFuture<NIOLoopBound<RedisChannel>> {
        let promise = channel.eventLoop.makePromise(of: NIOLoopBound<RedisChannel>.self)
        do {
            let handler = try channel.pipeline.syncOperations.handler(type: RedisChannelHandler.self)
            let redis = RedisChannel(channel: channel, handler: handler)
            let bound = NIOLoopBound(redis, eventLoop: channel.eventLoop)
            let limit = channel.eventLoop.scheduleTask(deadline: deadline) {
                bound.value.handler.close(tooSlow(endpoint, options))
            }
            let handshake = RedisHandshake(redis, endpoint, options) { result in
                limit.cancel()
                switch result {
                case .success: promise.succeed(bound)
                case .failure(let error):
                    bound.value.close()
                    explained(error, endpoint, channel.eventLoop, deadline).whenSuccess { promise.fail($0) }
                }
            }
            handshake.start()
        } catch {
            // The handler has left with the connection: the server has closed it at once.
            promise.fail(
                RedisError(
                    .connectFailed,
                    "Redis at \(endpoint.location) closed the connection at once",
                    nextStep: "check that it has room for another client (maxclients), and whether it expects TLS",
                    underlying: error
                )
            )
        }
        return promise.futureResult
    }

    /// Says of a failure of TLS what can be done about it; other errors stay as they are.
    private static func explained(
        _ error: RedisError,
        _ endpoint: RedisEndpoint,
        _ eventLoop: any EventLoop,
        _ deadline: NIODeadline
    ) -> EventLoopFuture<RedisError> {
        guard endpoint.tls != nil, let failure = RedisTLSFailure(error) else {
            return eventLoop.makeSucceededFuture(error)
        }
        guard failure.isAboutServer else { return eventLoop.makeSucceededFuture(failure.error(endpoint, nil)) }
        return RedisServerCertificate.read(from: endpoint, on: eventLoop, until: deadline).map { certificate in
            failure.error(endpoint, certificate)
        }
    }

    private static func tooSlow(_ endpoint: RedisEndpoint, _ options: RedisConnectionOptions) -> RedisError {
        let limit = options.connectTimeout.nanoseconds / 1_000_000
        return RedisError(
            .timeout,
            "Redis at \(endpoint.location) accepted the connection but did not answer within \(limit) ms",
            nextStep: "see whether the server is stopped, or something else listens there"
                + (endpoint.tls == nil ? "" : ", or it speaks no TLS on this port (redis:// instead of rediss://)")
        )
    }

    private static func connectFailed(_ endpoint: RedisEndpoint, _ error: any Error) -> RedisError {
        RedisError(
            .connectFailed,
            "cannot connect to Redis at \(endpoint.location)",
            nextStep: "start Redis there, or correct the Redis URL (REDIS_URL)",
            underlying: error
        )
    }
}
