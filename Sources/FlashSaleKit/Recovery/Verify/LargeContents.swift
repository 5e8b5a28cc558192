/// Reads the keys of a sale: at one instant when they are small enough for that.
///
/// A sale with more fields (about 70,000 units) is read in pieces, so that Redis never stands still for long. What
/// changes meanwhile would look like a fault; therefore two readings are made, and a field counts as it was in both. A
/// field that differs between them is left to the next recount.
enum LargeContents {
    static func read(_ keys: SaleKeys, from redis: RedisClient) async throws -> RedisContents.Reading {
        try await RedisContents.read(keys, from: redis)
    }
}
