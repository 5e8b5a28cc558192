extension SettingKey {
    /// What the setting does, its unit or range, and its default, in one sentence.
    public var meaning: String {
        switch self {
        case .redis: "Redis, as host:port or a redis://, rediss:// or unix:// URL; no default"
        case .postgres: "Postgres, as any URL of libpq; no default"
        case .host: "address that the server listens on; default 0.0.0.0"
        case .port: "port that the server listens on, 0 for a free one; default 8080"
        case .logLevel: "lowest level that is logged, trace to critical; default info"
        case .eventLoops: "event loops of the server, 1 to 64; default 1"
        case .adminPort: "port of the live page and the metrics on 127.0.0.1, 0 for none; default 9090"
        case .idleTime: "how long a connection may be without a request, 1s to 24h; default 75s"
        case .shutdownDelay: "how long /readyz says no before the listener closes, 0s to 5m; default 0s"
        case .headerField: "most bytes of one header field, 1kB to 64kB; default 8kB"
        case .headerTotal: "most bytes of all header fields of a request, 4kB to 256kB; default 32kB"
        case .headerCount: "most header fields of a request, 20 to 1000; default 100"
        case .backlogLimit: "journal not yet in Postgres above which checkouts are refused; default 512MB"
        case .memoryLimit: "share of Redis' maxmemory above which checkouts are refused, 10 to 95 %; default 85"
        case .allowNoAOF: "whether a Redis without an append-only file may hold sales; default false"
        case .traceSample: "share of the requests that are recorded as spans, 0 to 1, 0 for none at all; default 0"
        case .traceFile: "file to which spans are appended, as OTLP in JSON; no default"
        case .rotate: "whether the server opens and finishes the hourly sales itself; default true"
        case .keepFinished:
            "how long Redis keeps a finished sale for a standby that lacks its end, 10m to 30d; default 1d"
        case .localDirectory: "folder of the private stores; default $XDG_STATE_HOME/flashctl/local"
        case .hourlyStock: "units of an hourly sale, 1 to 10,000,000; default 10000"
        case .hourlyLimit: "units of an hourly sale that one user may have; default 10"
        case .hourlyHold: "how long an unpaid hold of an hourly sale lasts, 1s to 24h; default 5m"
        }
    }
}
