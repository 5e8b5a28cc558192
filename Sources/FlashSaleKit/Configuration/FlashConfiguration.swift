import Logging

/// All settings of a process, each with its origin. Precedence: flags, environment, `--config` file,
/// `$XDG_CONFIG_HOME/flashctl/config.*`, `/etc/flashctl/config.*`, defaults.
public struct FlashConfiguration: Sendable, Equatable {
    /// `host:port` or a `redis://`, `rediss://` or `unix://` URL; nil when nobody set it. May hold a password.
    public var redis: Setting<String>?
    /// Any libpq URL or connection string; nil when nobody set it. May hold a password.
    public var postgres: Setting<String>?
    /// Address that the server listens on.
    public var host: Setting<String>
    /// Port that the server listens on, 0 for one that is free.
    public var port: Setting<Int>
    /// Lowest level that is logged.
    public var logLevel: Setting<Logger.Level>
    /// Event loops of the server, 1…64.
    public var eventLoops: Setting<Int>
    /// Port of the live page and the metrics on this machine, 0 for none.
    public var adminPort: Setting<Int>
    /// How long a connection may be without a request, 1,000…86,400,000 ms.
    public var idleTimeMilliseconds: Setting<Int64>
    /// How long `/readyz` answers 503 before a stopping server closes its listener, 0…300,000 ms.
    public var shutdownDelayMilliseconds: Setting<Int64>
    /// Bytes of one header field, 1 kB…64 kB.
    public var headerField: Setting<Int>
    /// Bytes of all header fields of a request, 4 kB…256 kB.
    public var headerTotal: Setting<Int>
    /// Header fields of a request, 20…1,000.
    public var headerCount: Setting<Int>
    /// Bytes of undrained journal above which checkouts are refused, from 64 kB on.
    public var backlogLimit: Setting<Int>
    /// Share of Redis' `maxmemory` above which checkouts are refused, 10…95 %.
    public var memoryLimit: Setting<Int>
    /// Whether a Redis without an append-only file may hold sales.
    public var allowNoAOF: Setting<Bool>
    /// Share of the requests without a `traceparent` that are recorded as spans, 0…1; with 0 none is, whoever asks.
    public var traceSample: Setting<Double>
    /// File to which spans are appended; nil when nobody set it.
    public var traceFile: Setting<String>?
    /// Whether the server opens and finishes the hourly sales itself.
    public var rotate: Setting<Bool>
    /// How long Redis keeps a finished sale for a standby that lacks its end, 600,000…2,592,000,000 ms.
    public var keepFinishedMilliseconds: Setting<Int64>
    /// Folder of the local stack; nil for the one under `$XDG_STATE_HOME`.
    public var localDirectory: Setting<String>?
    /// Units of an hourly sale, 1…10,000,000.
    public var hourlyStock: Setting<Int>
    /// Units that one user may have of an hourly sale, 1…1,000,000.
    public var hourlyLimit: Setting<Int>
    /// How long an unpaid hold of an hourly sale lasts, 1,000…86,400,000 ms.
    public var hourlyHoldMilliseconds: Setting<Int64>
    /// All of these as they were read, in the order of ``SettingKey``.
    public let settings: [ReadSetting]

    /// Reads all sources; the first problem is thrown.
    public init(from sources: ConfigurationSources) throws(ConfigurationError) {
        var reader = SettingReader(layers: try sources.layers())
        redis = try reader.optional(.redis, SettingParser.text)
        postgres = try reader.optional(.postgres, SettingParser.text)
        host = try reader.value(.host, default: "0.0.0.0", SettingParser.text)
        port = try reader.value(.port, default: 8080, SettingParser.integer(0...65_535))
        logLevel = try reader.value(.logLevel, default: .info, SettingParser.logLevel)
        eventLoops = try reader.value(.eventLoops, default: 1, SettingParser.integer(1...64))
        adminPort = try reader.value(.adminPort, default: 9090, SettingParser.integer(0...65_535))
        idleTimeMilliseconds = try reader.value(.idleTime, default: 75_000, SettingParser.idleTime)
        shutdownDelayMilliseconds = try reader.value(.shutdownDelay, default: 0, SettingParser.shutdownDelay)
        headerField = try reader.value(.headerField, default: 8 << 10, SettingParser.size(1...64))
        headerTotal = try reader.value(.headerTotal, default: 32 << 10, SettingParser.size(4...256))
        headerCount = try reader.value(.headerCount, default: 100, SettingParser.integer(20...1000))
        backlogLimit = try reader.value(.backlogLimit, default: 512 << 20, SettingParser.bytes)
        memoryLimit = try reader.value(.memoryLimit, default: 85, SettingParser.integer(10...95))
        allowNoAOF = try reader.value(.allowNoAOF, default: false, SettingParser.boolean)
        traceSample = try reader.value(.traceSample, default: 0, SettingParser.share)
        traceFile = try reader.optional(.traceFile, SettingParser.text)
        rotate = try reader.value(.rotate, default: true, SettingParser.boolean)
        keepFinishedMilliseconds = try reader.value(
            .keepFinished,
            default: 86_400_000,
            SettingParser.keepFinished
        )
        localDirectory = try reader.optional(.localDirectory, SettingParser.text)
        hourlyStock = try reader.value(.hourlyStock, default: 10_000, SettingParser.integer(1...10_000_000))
        hourlyLimit = try reader.value(.hourlyLimit, default: 10, SettingParser.integer(1...1_000_000))
        hourlyHoldMilliseconds = try reader.value(.hourlyHold, default: 300_000, SettingParser.hold)
        settings = reader.read
    }
}

/// Finds the text of a setting in the first layer that has it, and parses it.
private struct SettingReader {
    let layers: [[SettingKey: ConfigurationSources.Found]]
    private var texts: [SettingKey: ReadSetting] = [:]

    init(layers: [[SettingKey: ConfigurationSources.Found]]) {
        self.layers = layers
    }

    /// What has been read, set or not.
    var read: [ReadSetting] { SettingKey.allCases.compactMap { texts[$0] } }

    mutating func optional<Value>(
        _ key: SettingKey,
        _ parser: SettingParser<Value>
    ) throws(ConfigurationError) -> Setting<Value>? {
        guard let found = layers.lazy.compactMap({ $0[key] }).first else {
            texts[key] = ReadSetting(key: key, text: nil, origin: .builtIn)
            return nil
        }
        guard let value = parser.parse(found.text) else {
            let shown = key.isSecret ? "" : " `\(found.text.prefix(80))`"
            throw ConfigurationError(
                .badValue,
                "\(found.origin): the value\(shown) of \(key.rawValue) cannot be used",
                nextStep: "give \(parser.wanted)"
            )
        }
        texts[key] = ReadSetting(key: key, text: parser.text(value), origin: found.origin)
        return Setting(value, origin: found.origin)
    }

    mutating func value<Value>(
        _ key: SettingKey,
        default builtIn: Value,
        _ parser: SettingParser<Value>
    ) throws(ConfigurationError) -> Setting<Value> {
        if let given = try optional(key, parser) { return given }
        texts[key] = ReadSetting(key: key, text: parser.text(builtIn), origin: .builtIn)
        return Setting(builtIn, origin: .builtIn)
    }
}
