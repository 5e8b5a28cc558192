import Glibc
import NIOCore
import NIOPosix
import NIOSSL

/// What the certificate says that a server shows, for messages: it was refused.
struct RedisServerCertificate: Sendable, Equatable {
    /// Host names and addresses it is for.
    var names: [String]
    var validFrom: Timestamp
    var validUntil: Timestamp

    init(names: [String], validFrom: Timestamp, validUntil: Timestamp) {
        self.names = names
        self.validFrom = validFrom
        self.validUntil = validUntil
    }

    init(_ certificate: NIOSSLCertificate) {
        names = certificate._subjectAlternativeNames().compactMap { name in
            switch name.nameType {
            case .dnsName: name.contents.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
            case .ipAddress: name.contents.withUnsafeBufferPointer { RedisServerCertificate.address(Array($0)) }
            default: nil
            }
        }
        validFrom = Timestamp(microseconds: Int64(certificate.notValidBefore) * 1_000_000)
        validUntil = Timestamp(microseconds: Int64(certificate.notValidAfter) * 1_000_000)
    }

    /// Four bytes or sixteen.
    private static func address(_ bytes: [UInt8]) -> String? {
        let packed = ByteBuffer(bytes: bytes)
        return (try? SocketAddress(packedIPAddress: packed, port: 0))?.ipAddress
    }

    /// `"a", "b"`
    var namesText: String {
        names.isEmpty ? "no name at all" : names.map { "\"\($0)\"" }.joined(separator: ", ")
    }

    /// Why it is not valid at this moment; nil when it is.
    var problemOfTime: String? {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let now = Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000)
        if now < validFrom { return "is not valid before \(validFrom.rfc3339)" }
        return validUntil < now ? "has expired at \(validUntil.rfc3339)" : nil
    }

    /// Connects once more, looks at the certificate and trusts nothing; nil when none is shown before the deadline.
    static func read(
        from endpoint: RedisEndpoint,
        on eventLoop: any EventLoop,
        until deadline: NIODeadline
    ) -> EventLoopFuture<RedisServerCertificate?> {
        guard case .tcp(let host, let port) = endpoint.target, let left = deadline.left else {
            return eventLoop.makeSucceededFuture(nil)
        }
        let seen = eventLoop.makePromise(of: RedisServerCertificate?.self)
        let first = NIOLoopBound(Once(seen), eventLoop: eventLoop)
        return NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) {
            try NIOSSLContext(configuration: .makeClientConfiguration())
        }.flatMap { context in
            ClientBootstrap(group: eventLoop).connectTimeout(left).channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = try NIOSSLClientHandler(
                        context: context,
                        serverHostname: RedisTLS.serverName(endpoint)
                    ) { (certificates: [NIOSSLCertificate], verdict: EventLoopPromise<NIOSSLVerificationResult>) in
                        first.value.say(certificates.first.map { RedisServerCertificate($0) })
                        verdict.succeed(NIOSSLVerificationResult.failed)
                    }
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }.connect(host: host, port: port)
        }.flatMap { channel in
            let limit = eventLoop.scheduleTask(deadline: deadline) { first.value.say(nil) }
            channel.closeFuture.whenComplete { _ in first.value.say(nil) }
            return seen.futureResult.always { _ in
                limit.cancel()
                channel.close(promise: nil)
            }
        }.flatMapError { _ in
            // It could be connected a moment ago. What failed then is what is told.
            first.value.say(nil)
            return seen.futureResult
        }
    }

    /// Keeps a promise once. Lives on one event loop.
    private final class Once {
        private var promise: EventLoopPromise<RedisServerCertificate?>?

        init(_ promise: EventLoopPromise<RedisServerCertificate?>) {
            self.promise = promise
        }

        func say(_ certificate: RedisServerCertificate?) {
            promise?.succeed(certificate)
            promise = nil
        }
    }
}

extension NIODeadline {
    /// Until then; nil when it has passed.
    fileprivate var left: TimeAmount? {
        let left = self - .now()
        return left > .nanoseconds(0) ? left : nil
    }
}
