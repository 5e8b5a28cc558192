/// The database as an individual: drawn once by the first migration.
public struct Installation: Sendable, Equatable {
    /// Random id, mirrored in Redis.
    public let id: String
    /// 32 bytes: key of the HMAC that turns an `Idempotency-Key` into a code. Never logged.
    public let secret: [UInt8]

    /// Reads the only row.
    /// - Throws: ``RecoveryError`` with `.newerFormat` when a newer program has changed what the stores keep.
    public static func read(_ postgres: PostgresConnection) async throws -> Installation {
        let row = try await postgres.query("select id::text as id, secret, format from installation").one()
        let format = try row["format"].int64
        guard format <= StoreFormat.known else {
            throw RecoveryError(
                .newerFormat,
                StoreFormat.refusal(of: "this installation", format: format),
                nextStep: StoreFormat.nextStep
            )
        }
        return Installation(id: try row["id"].text, secret: try row["secret"].bytes)
    }

    /// Two databases on one Redis would sell each other's units.
    func requireMatch(_ redis: RedisClient) async throws {
        let found = try await redis.send(RedisCommand("GET", Handshake.installationKey)).string
        guard let found, found != id else { return }
        throw RecoveryError(
            .installationMismatch,
            "this Redis belongs to installation \(found), this Postgres is installation \(id)",
            nextStep: "point REDIS_URL and POSTGRES_URL at stores that belong together, or give each its own Redis"
        )
    }
}
