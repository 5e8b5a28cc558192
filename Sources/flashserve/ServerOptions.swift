import FlashSaleKit

/// How a server is run.
public struct ServerOptions: Sendable {
    /// Where Redis is.
    public var redis: RedisEndpoint
    /// Where Postgres is.
    public var postgres: PostgresEndpoint
    /// Address to listen on.
    public var host = "0.0.0.0"
    /// Port to listen on; 0 takes a free one.
    public var port = 8080
    /// Event loops, 1…64. One serves more than a core can drain; see docs/BENCHMARKS.md.
    public var eventLoops = 1
    /// Accept a Redis without an append-only file: what it has not drained is lost with it.
    public var allowNoAOF = false
    /// Port of the live page and the metrics on 127.0.0.1, 0 for a free one; nil for neither.
    public var adminPort: Int?
    /// Whether the server ends when it cannot have that port. Otherwise it says so and serves without it.
    public var adminPortIsRequired = false
    /// Bytes of undrained journal above which checkouts are refused with 503.
    public var backlogLimit = 512 << 20
    /// Share of Redis' `maxmemory` above which checkouts are refused with 503, in percent.
    public var memoryLimit = 85
    /// Whether this server keeps the hourly schedule; nil leaves that to `rotate-hour`.
    public var rotate: HourlyTerms? = HourlyTerms()
    /// How long Redis keeps finished sales, if this server keeps the schedule.
    public var keyRetention = KeyRetention()
    /// How much header a request may have.
    public var headerLimits = HeaderLimits()
    /// How long a connection may be without a request before it is closed, in milliseconds. A proxy in front has to
    /// give its connections up earlier.
    public var idleMilliseconds = ServerOptions.idleMilliseconds
    /// How long `/readyz` answers 503 before the listener closes, in milliseconds. A balancer has to notice it in this
    /// time.
    public var shutdownDelayMilliseconds: Int64 = 0
    /// Which requests are recorded as spans; nil for none, and then no header is looked at for it.
    public var tracing: TracingOptions?
    /// Which program serves, for its metrics.
    public var build = ServerBuild()
    /// Attempts of one event loop that may wait for a batch; beyond: 503 `overloaded`, undecided.
    var waitingAttempts = Limits.waitingAttempts
    /// A stopping server closes connections on which nothing has come for so long; the others are told to go with
    /// their next answer. Closed at once, a request that is on its way would be cut off.
    public var quietMilliseconds: Int64 = 1000
    /// How often the open sales are counted again; nil leaves that to `flashctl verify`. Several servers do it at
    /// different moments, and one that takes long does it less often.
    public var verifyInterval: Duration? = .seconds(60)
    /// Who started the server and is told how it is; nil when nobody wants to know.
    public var serviceManager: ServiceManager?
    /// Called once with the bound address and the sale that is open, if any.
    public var onListening: (@Sendable (_ host: String, _ port: Int, _ sale: Sale?) -> Void)?
    /// Called once with the port of the live page and the metrics.
    public var onAdminListening: (@Sendable (_ port: Int) -> Void)?
    /// The clock of this host; it decides nothing, and is compared with those of the stores.
    var hostClock: @Sendable () -> Timestamp = { Timestamp.host }
    /// How long the stores are waited for.
    package var times = ServerTimes()
    /// Between two looks at everything that must be true.
    var guardInterval = Duration.seconds(10)

    /// How strictly Redis is looked at, by whatever part of the server does it.
    var handshake: HandshakeOptions {
        var options = HandshakeOptions()
        options.allowNoAOF = allowNoAOF
        return options
    }

    /// The default of ``idleMilliseconds``: longer than the 60 s of most clients and balancers.
    static let idleMilliseconds: Int64 = 75_000

    /// Options with the defaults of the design.
    public init(redis: RedisEndpoint, postgres: PostgresEndpoint) {
        self.redis = redis
        self.postgres = postgres
    }
}
