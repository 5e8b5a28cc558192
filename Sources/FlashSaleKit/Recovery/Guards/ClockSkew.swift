/// By how much another clock is ahead of that of this host.
public struct ClockOffset: Sendable, Equatable {
    /// Microseconds; negative when the other clock is behind.
    public var microseconds: Int64
    /// The truth is within this many microseconds: half of the round trip.
    public var uncertainty: Int64

    /// An offset that was measured.
    public init(microseconds: Int64, uncertainty: Int64) {
        self.microseconds = microseconds
        self.uncertainty = uncertainty
    }

    /// The offset that follows from one question: the other clock was read some time during the round trip, in the
    /// middle as far as anybody can tell.
    ///
    /// - Parameters:
    ///   - remote: what the other clock said.
    ///   - host: the clock of this host when the answer was there.
    ///   - roundTrip: from the question to the answer, by a clock that never jumps.
    public init(remote: Timestamp, host: Timestamp, roundTrip: Duration) {
        let half = max(0, roundTrip.microseconds / 2)
        self.init(microseconds: remote.microseconds - (host.microseconds - half), uncertainty: half)
    }

    /// Asks three times and believes the fastest answer: what waits in a queue tells little.
    ///
    /// - Parameter steady: the clock that never jumps.
    static func measure(
        host: () -> Timestamp,
        steady: () -> ContinuousClock.Instant = { .now },
        _ ask: () async throws -> Timestamp
    ) async throws -> ClockOffset {
        var best = try await once(host, steady, ask)
        for _ in 0..<2 {
            let next = try await once(host, steady, ask)
            if next.uncertainty < best.uncertainty { best = next }
        }
        return best
    }

    private static func once(
        _ host: () -> Timestamp,
        _ steady: () -> ContinuousClock.Instant,
        _ ask: () async throws -> Timestamp
    ) async throws -> ClockOffset {
        let asked = steady()
        let remote = try await ask()
        let roundTrip = steady() - asked
        return ClockOffset(remote: remote, host: host(), roundTrip: roundTrip)
    }
}

/// By how much the clocks of Redis, Postgres and this host differ.
public struct ClockSkew: Sendable, Equatable {
    /// Two clocks, and by how much the first is ahead of the second.
    public struct Pair: Sendable, Equatable {
        /// For instance `Redis`.
        public let first: String
        /// For instance `Postgres`.
        public let second: String
        /// How far the first is ahead.
        public let offset: ClockOffset

        /// The least that the clocks differ, in microseconds.
        public var certain: Int64 { max(0, abs(offset.microseconds) - offset.uncertainty) }

        /// For instance `Redis is 3.100 s ahead of Postgres`.
        public var sentence: String {
            let word = offset.microseconds < 0 ? "behind" : "ahead of"
            let milliseconds = abs(offset.microseconds) / 1000
            let rest = String(milliseconds % 1000)
            let padded = String(repeating: "0", count: 3 - rest.count) + rest
            return "\(first) is \(milliseconds / 1000).\(padded) s \(word) \(second)"
        }
    }

    /// Above this many microseconds holds are not returned by the sweep: one of the clocks is wrong, and nobody can say
    /// which.
    public static let limit: Int64 = 2_000_000

    /// Redis compared with this host; nil when it was not read.
    public var redis: ClockOffset?
    /// Postgres compared with this host; nil when it was not read.
    public var postgres: ClockOffset?

    /// What was measured.
    public init(redis: ClockOffset? = nil, postgres: ClockOffset? = nil) {
        self.redis = redis
        self.postgres = postgres
    }

    /// The pairs of clocks that were read.
    public var pairs: [Pair] {
        var pairs: [Pair] = []
        if let redis, let postgres {
            let between = ClockOffset(
                microseconds: redis.microseconds - postgres.microseconds,
                uncertainty: redis.uncertainty + postgres.uncertainty
            )
            pairs.append(Pair(first: "Redis", second: "Postgres", offset: between))
        }
        if let redis { pairs.append(Pair(first: "Redis", second: "this host", offset: redis)) }
        if let postgres { pairs.append(Pair(first: "Postgres", second: "this host", offset: postgres)) }
        return pairs
    }

    /// The pair that differs most; nil when no other clock was read.
    public var worst: Pair? { pairs.max { $0.certain < $1.certain } }

    /// The pair that certainly differs by more than ``limit``, if one does.
    public var violation: Pair? { worst.flatMap { $0.certain > ClockSkew.limit ? $0 : nil } }
}

extension Duration {
    /// Whole microseconds.
    var microseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
