/// Reads the keys of a sale: at one instant when they are small enough for that.
///
/// A sale with more fields (about 70,000 units) is read in pieces of a thousand, so that Redis never stands still for
/// long. What changes meanwhile looks like a fault; ``Verification`` therefore believes only what it finds twice.
enum LargeContents {
    /// Fields of one piece.
    private static let pieceSize = 1000

    /// What the keys hold, and whether they were read in pieces.
    static func read(
        _ keys: SaleKeys,
        from redis: RedisClient,
        atOnce: Int = RedisContents.mostAtOnce
    ) async throws -> (reading: RedisContents.Reading, inPieces: Bool) {
        let reading = try await RedisContents.read(keys, from: redis, most: atOnce)
        guard case .tooLarge = reading else { return (reading, false) }
        // First the ends of the streams: the journal up to there is what the pieces are compared with.
        guard case .contents(var contents) = try await RedisContents.readHead(keys, from: redis) else {
            return (reading, true)
        }
        try await scan("HSCAN", keys.users, redis) { contents.addUser($0, $1, keys) }
        try await scan("HSCAN", keys.bought, redis) { contents.addBought($0, $1, keys) }
        try await scan("HSCAN", keys.banned, redis) { contents.addBan($0, $1, keys) }
        try await scan("HSCAN", keys.holds, redis) { contents.addHold($0, $1, keys) }
        contents.deadlines.removeAll()
        try await scan("ZSCAN", keys.deadlines, redis) { member, score in
            // A scan may hand out a member twice: a second sentinel is one with another epoch.
            if let epoch = RedisContents.epoch(ofSentinel: member), epoch == contents.sentinels[keys.deadlines] {
                return
            }
            contents.addDeadline(member, score, keys)
        }
        try await scan("HSCAN", keys.receipts, redis) { contents.addReceipt($0, $1, keys) }
        return (.contents(contents), true)
    }

    private static func scan(
        _ command: String,
        _ key: String,
        _ redis: RedisClient,
        _ body: ([UInt8], [UInt8]) -> Void
    ) async throws {
        var position = "0"
        repeat {
            let reply = try await redis.send(RedisCommand(command, key, position, "COUNT", "\(pieceSize)")).elements
            guard let reply, reply.count == 2, let next = reply[0].string else {
                throw RedisError(.unexpectedReply, "\(command) \(key) was not answered with a piece")
            }
            RedisContents.pairs(reply[1], body)
            position = next
        } while position != "0"
    }
}
