import FlashSaleKit

/// A connection to the validated Redis that is made again when it was lost. Each part of the server that only looks now
/// and then has its own.
actor ValidatedRedisLink {
    private let supervisor: RedisSupervisor
    private var current: RedisClient?

    init(supervisor: RedisSupervisor) {
        self.supervisor = supervisor
    }

    /// The connection, or a new one.
    ///
    /// - Throws: what stands in the way while Redis is not validated.
    func client() async throws -> RedisClient {
        if let current, current.isActive { return current }
        let (made, _) = try await supervisor.connectValidated()
        current = made
        return made
    }

    /// Ends the connection; the next use makes a new one.
    func close() async {
        await current?.close()
        current = nil
    }
}
