import FlashSaleKit
import Logging
import NIOCore

/// Makes all checks at the start and every ten seconds, whatever state the stores are in, and publishes what it found.
struct GuardService: Sendable {
    let options: ServerOptions
    let postgres: PostgresLink
    let group: any EventLoopGroup
    let state: ServerState
    let logger: Logger

    /// Checks until cancelled.
    func run() async {
        let redis = RedisLink(endpoint: options.redis, group: group, logger: logger)
        var limits = GuardOptions(hostClock: options.hostClock)
        limits.allowNoAOF = options.allowNoAOF
        limits.memoryPercent = options.memoryLimit
        limits.backlogBytes = options.backlogLimit
        let postgres = postgres
        let reader = GuardReader(
            options: limits,
            redis: { try await redis.client() },
            postgres: { try await postgres.connection() }
        )
        while !Task.isCancelled {
            let report = await reader.read()
            if !Task.isCancelled { publish(report) }
            try? await Task.sleep(for: options.guardInterval)
        }
        await redis.close()
    }

    private func publish(_ report: GuardReport) {
        let (old, wasPaused, isPaused) = state.update { values in
            let old = values.guards
            let wasPaused = values.sweepPause != nil && values.sweepPause != ServerState.clocksUnknown
            values.guards = report
            // Clocks that could not be read are believed to be as they were.
            if report.skew.worst != nil { values.sweepPause = report.skew.violation?.sentence }
            return (old, wasPaused, values.sweepPause)
        }
        if let isPaused, !wasPaused, isPaused != ServerState.clocksUnknown {
            logger.error("lapsed holds are not returned until the clocks agree", metadata: ["reason": "\(isPaused)"])
        } else if wasPaused, isPaused == nil {
            logger.notice("the clocks agree: lapsed holds are returned again")
        }
        log(report, before: old)
    }

    /// Each finding once, when it comes or gets worse, and when it is gone.
    private func log(_ report: GuardReport, before: GuardReport) {
        for check in report.checks where check.name != .clocks && check.level != before[check.name]?.level ?? .ok {
            let level: Logger.Level =
                switch check.level {
                case .ok: .notice
                case .warning: .warning
                case .critical: .error
                }
            logger.log(
                level: level,
                "check: \(check.name.rawValue) is \(check.level.rawValue)",
                metadata: ["found": "\(check.sentence)", "next": "\(check.nextStep ?? "nothing to do")"]
            )
        }
    }
}

/// A Redis connection that is made again when it was lost, whatever server is behind it: for looking, not for selling.
actor RedisLink {
    private let endpoint: RedisEndpoint
    private let group: any EventLoopGroup
    private let logger: Logger
    private var current: RedisClient?

    init(endpoint: RedisEndpoint, group: any EventLoopGroup, logger: Logger) {
        self.endpoint = endpoint
        self.group = group
        self.logger = logger
    }

    /// The connection, or a new one.
    func client() async throws -> RedisClient {
        if let current, current.isActive { return current }
        current = nil
        let made = try await RedisClient.connect(
            to: endpoint,
            on: group,
            options: RedisConnectionOptions(),
            logger: logger
        )
        current = made
        return made
    }

    func close() async {
        await current?.close()
        current = nil
    }
}
