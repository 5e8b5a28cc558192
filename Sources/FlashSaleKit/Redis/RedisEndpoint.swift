/// Where a Redis server is and as whom to use it.
public struct RedisEndpoint: Sendable, Equatable, CustomStringConvertible {
    /// The kind of socket.
    public enum Target: Sendable, Equatable {
        /// A host name or IP address (IPv6 without brackets) and a port.
        case tcp(host: String, port: Int)
        /// Path of a Unix domain socket.
        case unix(path: String)
    }

    /// Certificates of a TLS connection; all are paths of PEM files.
    public struct TLS: Sendable, Equatable {
        /// Certificates to trust instead of those of the system.
        public var caCertificate: String?
        /// Our own certificate, when the server asks for one.
        public var certificate: String?
        /// The key of `certificate`.
        public var privateKey: String?

        /// As it stands in a URL; empty without any file.
        fileprivate var query: String {
            let files = [("cacert", caCertificate), ("cert", certificate), ("key", privateKey)]
            let parts = files.compactMap { name, file in file.map { "\(name)=\($0)" } }
            return parts.isEmpty ? "" : "?" + parts.joined(separator: "&")
        }

        /// The system's trust roots and no certificate of our own, unless told otherwise.
        public init(caCertificate: String? = nil, certificate: String? = nil, privateKey: String? = nil) {
            self.caCertificate = caCertificate
            self.certificate = certificate
            self.privateKey = privateKey
        }
    }

    /// The port when none is given.
    public static let defaultPort = 6379

    /// The socket.
    public var target: Target
    /// Present for `rediss://`.
    public var tls: TLS?
    /// The ACL user; nil is Redis's `default`.
    public var username: String?
    /// The password; nil sends no `AUTH`.
    public var password: RedisSecret?
    /// The database number, from 0.
    public var database: Int

    /// An endpoint of known parts.
    public init(
        target: Target,
        tls: TLS? = nil,
        username: String? = nil,
        password: RedisSecret? = nil,
        database: Int = 0
    ) {
        self.target = target
        self.tls = tls
        self.username = username
        self.password = password
        self.database = database
    }

    /// Parses `host`, `host:port`, `/path/of/socket`, `redis://[user:password@]host[:port][/db]`, `rediss://…`
    /// (TLS; `?cacert=…&cert=…&key=…` name PEM files) or `unix:///path[?db=n&user=u&password=p]`. Reserved characters
    /// in user and password are percent-encoded.
    public init(parsing text: String) throws(RedisError) {
        var parser = RedisEndpointParser(text)
        self = try parser.parse()
    }

    /// `host:port` or the path of the socket, for messages.
    public var location: String {
        switch target {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): path
        }
    }

    /// The endpoint as a URL without the password.
    public var description: String {
        let user = username ?? ""
        switch target {
        case .tcp:
            let credentials = password != nil ? "\(user):***@" : user.isEmpty ? "" : "\(user)@"
            let path = database == 0 ? "" : "/\(database)"
            return "\(tls == nil ? "redis" : "rediss")://\(credentials)\(location)\(path)\(tls?.query ?? "")"
        case .unix(let path):
            var query: [String] = []
            if database != 0 { query.append("db=\(database)") }
            if !user.isEmpty { query.append("user=\(user)") }
            if password != nil { query.append("password=***") }
            return "unix://\(path)" + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
        }
    }
}
