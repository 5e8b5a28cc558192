import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import FlashSaleKit

@Suite(.timeLimit(.minutes(20))) struct RedisTLSTests {
    /// A server that speaks TLS on a port of 127.0.0.1, with a certificate for these names.
    private func withTLS(
        names: String = "DNS:localhost,IP:127.0.0.1",
        clients: String = "no",
        _ body: (_ port: Int, _ folder: String) async throws -> Void
    ) async throws {
        try await RedisTestServer.with { server in
            let folder = server.layout.directory
            _ = try await output([
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days", "2", "-subj", "/CN=flashctl test", "-addext", "subjectAltName=\(names)",
                "-keyout", "\(folder)/key.pem", "-out", "\(folder)/cert.pem",
            ])
            let port = try await freePort()
            _ = try await server.client().send(
                RedisCommand(
                    "CONFIG",
                    "SET",
                    "tls-cert-file",
                    "\(folder)/cert.pem",
                    "tls-key-file",
                    "\(folder)/key.pem",
                    "tls-ca-cert-file",
                    "\(folder)/cert.pem",
                    "tls-auth-clients",
                    clients,
                    "tls-port",
                    String(port)
                )
            )
            try await body(port, folder)
        }
    }

    /// A port that was free a moment ago.
    private func freePort() async throws -> Int {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(listener.localAddress?.port)
        try await listener.close()
        return port
    }

    private func connect(_ url: String) async throws -> RedisClient {
        try await .connect(
            to: RedisEndpoint(parsing: url),
            on: .singletonMultiThreadedEventLoopGroup,
            logger: quietLogger
        )
    }

    @Test func `a trusted server is used by name and by address`() async throws {
        try await withTLS { port, folder in
            for host in ["localhost", "127.0.0.1"] {
                let client = try await connect("rediss://\(host):\(port)/2?cacert=\(folder)/cert.pem")
                let bytes = [UInt8](repeating: 7, count: 300_000)
                _ = try await client.send(RedisCommand(parts: ["SET", "k", .bytes(bytes)]))
                #expect(try await client.send(RedisCommand("GET", "k")) == .bulk(bytes))
                #expect(try await client.send(RedisCommand("CLIENT", "INFO")).string?.contains("db=2") == true)
                await client.close()
            }
        }
    }

    @Test func `a server of unknown certificate is refused`() async throws {
        try await withTLS { port, _ in
            let error = try await redisError { try await connect("rediss://localhost:\(port)") }
            #expect(error.code == .connectFailed)
            #expect(error.message.contains("\"localhost\", \"127.0.0.1\""), "\(error)")
            #expect(error.message.contains("no authority that this system trusts"), "\(error)")
            #expect(error.nextStep?.hasSuffix("rediss://localhost:\(port)?cacert=FILE") == true, "\(error)")
            #expect(!"\(error)".contains("SSL"), "nothing of the library: \(error)")
        }
    }

    @Test func `a file of other authorities is named`() async throws {
        try await withTLS { port, folder in
            let other = "\(folder)/other.pem"
            _ = try await output([
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days", "2", "-subj", "/CN=other", "-keyout", "\(folder)/other-key.pem", "-out", other,
            ])
            let error = try await redisError { try await connect("rediss://localhost:\(port)?cacert=\(other)") }
            #expect(error.message.contains("signed by no authority in \(other)"), "\(error)")
        }
    }

    @Test func `a certificate of another time says when it is valid`() {
        let day: Int64 = 86_400_000
        let now = Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1e6))
        func problem(_ from: Int64, _ until: Int64) -> String? {
            RedisServerCertificate(
                names: ["a"],
                validFrom: now.adding(milliseconds: from),
                validUntil: now.adding(milliseconds: until)
            ).problemOfTime
        }
        #expect(problem(-day, day) == nil)
        #expect(problem(-2 * day, -day)?.hasPrefix("has expired at ") == true)
        #expect(problem(day, 2 * day)?.hasPrefix("is not valid before ") == true)
    }

    @Test func `a certificate for another name is refused`() async throws {
        try await withTLS(names: "DNS:redis.example") { port, folder in
            for host in ["localhost", "127.0.0.1"] {
                let error = try await redisError {
                    try await connect("rediss://\(host):\(port)?cacert=\(folder)/cert.pem")
                }
                #expect(error.code == .connectFailed)
                #expect(error.message.hasSuffix("is for \"redis.example\", not for \"\(host)\""), "\(error)")
                #expect(error.nextStep?.contains("write a name that the certificate has") == true)
            }
        }
    }

    @Test func `a certificate of our own is shown when the server asks`() async throws {
        try await withTLS(clients: "yes") { port, folder in
            let url = "rediss://localhost:\(port)?cacert=\(folder)/cert.pem"
            let error = try await redisError { try await connect(url) }
            #expect(error.code == .connectFailed)
            #expect(error.message.hasSuffix("wants a certificate of its clients"), "\(error)")
            #expect(error.nextStep?.contains("&cert=FILE&key=FILE") == true, "\(error)")
            let client = try await connect("\(url)&cert=\(folder)/cert.pem&key=\(folder)/key.pem")
            #expect(try await client.send(RedisCommand("PING")) == .status("PONG"))
        }
    }

    @Test func `plain to TLS and TLS to plain fail with a hint`() async throws {
        try await withTLS { port, folder in
            let error = try await redisError { try await connect("redis://localhost:\(port)") }
            #expect(error.code == .connectFailed)
            #expect(error.nextStep?.contains("rediss://") == true)
        }
        try await RedisTestServer.with { server in
            var endpoint = try server.endpoint()
            endpoint.tls = .init()
            let error = try await redisError {
                try await RedisClient.connect(
                    to: endpoint,
                    on: .singletonMultiThreadedEventLoopGroup,
                    // Redis waits for the end of what it takes for a line.
                    options: .patient { $0.connectTimeout = .milliseconds(300) },
                    logger: quietLogger
                )
            }
            #expect(error.code == .connectFailed)
            #expect(error.nextStep?.contains("redis:// instead of rediss://") == true, "\(error)")
        }
    }

    @Test func `certificates that cannot be read are named as the cause`() async throws {
        for query in ["cacert=/nowhere.pem", "cert=/nowhere.pem&key=/nowhere.pem"] {
            let error = try await redisError { try await connect("rediss://localhost:1?\(query)") }
            #expect(error.code == .connectFailed)
            #expect(error.message.contains("certificates"))
            #expect(error.nextStep?.contains("PEM") == true)
        }
    }
}
