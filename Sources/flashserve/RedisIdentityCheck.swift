import FlashSaleKit

/// Compares the Redis behind a fresh connection with the one that was validated.
enum RedisIdentityCheck {
    /// What is asked on the connection.
    static let commands = [
        RedisCommand("INFO", "server"),
        RedisCommand("INFO", "replication"),
        RedisCommand("GET", Handshake.installationKey),
    ]

    /// Whether the replies to ``commands`` are those of the validated server.
    static func matches(_ replies: [RedisReply], _ identity: RedisIdentity) -> Bool {
        replies.count == commands.count
            && field("run_id", in: replies[0]) == identity.runID
            && field("master_replid", in: replies[1]) == identity.masterReplID
            && replies[2].string == identity.installationID
    }

    /// One line `name:value` of INFO.
    private static func field(_ name: String, in reply: RedisReply) -> String? {
        for line in (reply.string ?? "").split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0] == name { return String(parts[1]) }
        }
        return nil
    }
}
