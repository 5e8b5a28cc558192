import NIOCore
import NIOSSL

/// TLS of `rediss://`: full verification of the server's certificate and name, always.
enum RedisTLS {
    static func context(_ tls: RedisEndpoint.TLS) throws -> NIOSSLContext {
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
    private static func serverName(_ endpoint: RedisEndpoint) -> String? {
        guard case .tcp(let host, let port) = endpoint.target else { return nil }
        if (try? SocketAddress(ipAddress: host, port: port)) != nil { return nil }
        return host
    }

    static func unusable(_ endpoint: RedisEndpoint, _ error: any Error) -> RedisError {
        RedisError(
            .connectFailed,
            "The certificates for Redis at \(endpoint.location) cannot be used.",
            nextStep: "Check that cacert, cert and key of the Redis URL are readable PEM files.",
            underlying: error
        )
    }
}
