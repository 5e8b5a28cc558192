import NIOCore
import NIOSSL

/// Why TLS with a server did not come about, in terms of what can be done about it.
enum RedisTLSFailure: Equatable {
    /// No authority that we trust has signed its certificate, or it is not valid today.
    case untrusted
    /// Its certificate is for other names.
    case wrongName
    /// It wants a certificate of ours, or refuses the one it was shown.
    case ownCertificate
    /// What answers there speaks something else.
    case notTLS
    /// The reason in the words of the library.
    case other(String)

    /// Nil for an error that has nothing to do with TLS, nor has any below it.
    init?(_ error: any Error) {
        switch error {
        case let error as RedisError:
            guard let below = error.underlying, let failure = RedisTLSFailure(below) else { return nil }
            self = failure
        case let error as NIOSSLExtraError where error == .failedToValidateHostname: self = .wrongName
        case NIOSSLError.handshakeFailed(let error): self.init(error)
        case NIOSSLError.uncleanShutdown: self = .other("the server ended the connection without a word")
        case BoringSSLError.sslError(let stack), BoringSSLError.unknownError(let stack):
            self.init(reasons: stack.map(\.description), isCutOff: stack.contains(.eofDuringHandshake))
        default: return nil
        }
    }

    private init(reasons: [String], isCutOff: Bool) {
        // The library has no other form of the reason: `…:OPENSSL_internal:REASON at file of its build:line`.
        let words = reasons.compactMap { text -> String? in
            guard let start = text.firstRange(of: "OPENSSL_internal:") else { return nil }
            return String(text[start.upperBound...].prefix { $0 != " " })
        }
        let aboutOurs = ["REQUIRED", "BAD_CERTIFICATE", "UNKNOWN_CA", "CERTIFICATE_UNKNOWN", "ACCESS_DENIED"]
        if words.contains("CERTIFICATE_VERIFY_FAILED") {
            self = .untrusted
        } else if words.contains(where: { $0.contains("_ALERT_") && aboutOurs.contains(where: $0.hasSuffix) }) {
            self = .ownCertificate
        } else if isCutOff || words.contains("WRONG_VERSION_NUMBER") || words.contains("HTTP_REQUEST") {
            self = .notTLS
        } else {
            self = .other(words.isEmpty ? "no reason was given" : words.joined(separator: ", "))
        }
    }

    /// In a few words, for the error below another one.
    var sentence: String {
        switch self {
        case .untrusted: "the certificate of the server is not trusted"
        case .wrongName: "the certificate of the server is for another name"
        case .ownCertificate: "the server wants another certificate of ours"
        case .notTLS: "the server speaks no TLS there"
        case .other(let reason): "TLS failed: \(reason)"
        }
    }

    /// Whether the certificate of the server is what it is about.
    var isAboutServer: Bool { self == .untrusted || self == .wrongName }

    /// What an operator is told.
    ///
    /// - Parameter certificate: what the server shows; nil when that is not known.
    func error(_ endpoint: RedisEndpoint, _ certificate: RedisServerCertificate?) -> RedisError {
        let names = certificate.map { " (for \($0.namesText))" } ?? ""
        var wanted = endpoint
        switch self {
        case .untrusted:
            if let problem = certificate?.problemOfTime {
                return failed(
                    endpoint,
                    "the certificate of Redis at \(endpoint.location)\(names) \(problem)",
                    "give the server a new certificate, or set the clock of this machine right"
                )
            }
            let trusted = endpoint.tls?.caCertificate.map { "in \($0)" } ?? "that this system trusts"
            wanted.tls?.caCertificate = "FILE"
            return failed(
                endpoint,
                "the certificate of Redis at \(endpoint.location)\(names) is signed by no authority \(trusted)",
                "name the certificate of its authority, a PEM file, in the Redis URL: \(wanted)"
            )
        case .wrongName:
            return failed(
                endpoint,
                "the certificate of Redis at \(endpoint.location) is for \(certificate?.namesText ?? "other names"),"
                    + " not for \(endpoint.hostText)",
                "write a name that the certificate has into the Redis URL, or give the server one for this name"
            )
        case .ownCertificate:
            let shown = endpoint.tls?.certificate
            wanted.tls?.certificate = "FILE"
            wanted.tls?.privateKey = "FILE"
            return failed(
                endpoint,
                shown.map { "Redis at \(endpoint.location) refuses our certificate \($0)" }
                    ?? "Redis at \(endpoint.location) wants a certificate of its clients",
                "name one of an authority that the server trusts (its tls-ca-cert-file), PEM files, in the Redis URL:"
                    + " \(wanted)"
            )
        case .notTLS:
            return failed(
                endpoint,
                "what answers at \(endpoint.location) speaks no TLS",
                "write redis:// instead of rediss://, or the port on which the server speaks TLS (its tls-port)"
            )
        case .other(let reason):
            return failed(
                endpoint,
                "no TLS with Redis at \(endpoint.location): \(reason)",
                "check that it speaks TLS on this port (tls-port), and TLS 1.2 or newer (tls-protocols)"
            )
        }
    }

    private func failed(_ endpoint: RedisEndpoint, _ message: String, _ nextStep: String) -> RedisError {
        RedisError(.connectFailed, message, nextStep: nextStep)
    }
}

extension RedisEndpoint {
    /// The host alone.
    fileprivate var hostText: String {
        switch target {
        case .tcp(let host, _): "\"\(host)\""
        case .unix(let path): "\"\(path)\""
        }
    }
}
