/// The clock of Redis, the only one that decides anything.
public enum RedisTime {
    /// Reads `TIME`.
    ///
    /// - Throws: ``RedisError``, `.unexpectedReply` when the reply is no time.
    public static func read(_ client: RedisClient) async throws -> Timestamp {
        guard case .array(let parts) = try await client.send(RedisCommand("TIME")), parts.count == 2,
            let seconds = parts[0].integerValue, let microseconds = parts[1].integerValue
        else {
            throw RedisError(
                .unexpectedReply,
                "Redis at \(client.location) answered TIME without seconds and microseconds"
            )
        }
        return Timestamp(microseconds: seconds * 1_000_000 + microseconds)
    }
}
