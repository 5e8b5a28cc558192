import NIOCore
import NIOPosix
import NIOSSL

/// TLS of `rediss://`: full verification of the server's certificate and name, always.
enum RedisTLS {
    /// The context for an endpoint, nil when it does not want TLS. Reading certificates takes milliseconds and waits
    /// for the disk, so it happens on another thread; it is done for every connection, so renewed ones are seen.
    static func context(
        for endpoint: RedisEndpoint,
        on eventLoop: any EventLoop
    ) -> EventLoopFuture<NIOSSLContext?> {
        guard let tls = endpoint.tls else { return eventLoop.makeSucceededFuture(nil) }
        return NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) { try context(tls) }
            .flatMapErrorThrowing { error in throw unusable(endpoint, error) }
    }

    private static func context(_ tls: RedisEndpoint.TLS) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let file = tls.caCertificate { configuration.trustRoots = .file(file) }
        if let file = tls.certificate {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(file).map { .certificate($0) }
        }
        if let file = tls.privateKey {
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: file, format: .pem))
        }
        return try NIOSSLContext(configuration: configuration)
    }

    static func handler(_ context: NIOSSLContext, for endpoint: RedisEndpoint) throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(context: context, serverHostname: serverName(endpoint))
    }

    /// An IP address is no name for SNI; NIOSSL then compares the certificate with the address of the socket.
    static func serverName(_ endpoint: RedisEndpoint) -> String? {
        guard case .tcp(let host, let port) = endpoint.target else { return nil }
        if (try? SocketAddress(ipAddress: host, port: port)) != nil { return nil }
        return host
    }

    private static func unusable(_ endpoint: RedisEndpoint, _ error: any Error) -> RedisError {
        RedisError(
            .connectFailed,
            "the certificates for Redis at \(endpoint.location) cannot be used",
            nextStep: "check that cacert, cert and key of the Redis URL are readable PEM files",
            underlying: error
        )
    }
}
