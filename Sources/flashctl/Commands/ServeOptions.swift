import ArgumentParser
import FlashSaleKit

/// How a server listens and what it refuses. All are settings of the configuration too.
struct ServeOptions: ParsableArguments {
    @Option(help: "Port to listen on, 0 for a free one. Default: $PORT or 8080.")
    var port: String?

    @Option(help: "Address to listen on. Default: 0.0.0.0.")
    var host: String?

    @Option(help: "Event loops, 1 to 64. Default: 1.")
    var eventLoops: String?

    @Option(help: "Port of the live page and the metrics on 127.0.0.1, 0 for none. Default: 9090.")
    var adminPort: String?

    @Option(help: "Close a connection without a request for so long. Default: 75s.")
    var idleTime: String?

    @Option(help: "Answer 503 on /readyz for so long before closing the listener. Default: 0s.")
    var shutdownDelay: String?

    @Option(help: "Refuse requests with a header field above this size. Default: 8kB.")
    var headerField: String?

    @Option(help: "Refuse requests whose header fields together exceed this size. Default: 32kB.")
    var headerTotal: String?

    @Option(help: "Refuse requests with more header fields. Default: 100.")
    var headerCount: String?

    @Option(help: "Refuse checkouts above this much journal not in Postgres. Default: 512MB.")
    var backlogLimit: String?

    @Option(help: "Refuse checkouts above this share of Redis' maxmemory. Default: 85 %.")
    var memoryLimit: String?

    @Option(help: "Record this share of the requests as spans, 0 to 1. Default: 0, none.")
    var traceSample: String?

    @Option(help: "Append spans to this file, as OTLP in JSON.")
    var traceFile: String?

    @Flag(inversion: .prefixedNo, help: "Open and finish the hourly sales. Default: yes.")
    var rotate: Bool?

    @OptionGroup var hourlyOptions: HourlyOptions

    /// Those that were given.
    var flags: [SettingKey: String?] {
        var flags = hourlyOptions.flags
        flags[.port] = port
        flags[.host] = host
        flags[.eventLoops] = eventLoops
        flags[.adminPort] = adminPort
        flags[.idleTime] = idleTime
        flags[.shutdownDelay] = shutdownDelay
        flags[.headerField] = headerField
        flags[.headerTotal] = headerTotal
        flags[.headerCount] = headerCount
        flags[.backlogLimit] = backlogLimit
        flags[.memoryLimit] = memoryLimit
        flags[.traceSample] = traceSample
        flags[.traceFile] = traceFile
        flags[.rotate] = rotate.map { $0 ? "true" : "false" }
        return flags
    }
}
