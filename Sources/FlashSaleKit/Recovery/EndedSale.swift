/// What Redis remembers of a sale that some Postgres has booked as finished: its hash outlives the other keys by weeks.
/// A Postgres in which that sale is unfinished has lost its end, and perhaps more.
struct EndedSale: Sendable, Equatable {
    /// Field of the hash with the lineage of the Postgres that has the end.
    static let bookedField = "booked"
    /// Field of a hash that has been left alone: all other keys are gone.
    static let removedField = "removed"

    let saleID: SaleID
    /// Whether the hash is all there is.
    let isRemoved: Bool
    /// The last step of the sale.
    let step: Int64
    /// Units sold.
    let sold: Int
    /// The lineage of the Postgres that has the end; see ``Lineage``.
    let lineage: String

    /// Nil when no end was ever booked.
    static func read(_ sale: SaleID, from redis: RedisClient) async throws -> EndedSale? {
        let fields = RedisCommand("HMGET", SaleKeys(sale).sale, bookedField, removedField, "seq", "sold")
        guard let values = try await redis.send(fields).elements, values.count == 4, let lineage = values[0].string
        else { return nil }
        return EndedSale(
            saleID: sale,
            isRemoved: values[1].string != nil,
            step: values[2].integerValue ?? 0,
            sold: Int(values[3].integerValue ?? 0),
            lineage: lineage
        )
    }

    /// Why a sale that is unfinished in Postgres must not be sold or rebuilt; nil when its keys are there, and what
    /// Postgres lacks can come from them.
    static func loss(of sale: SaleID, _ redis: RedisClient, _ postgres: PostgresConnection) async throws -> String? {
        guard let ended = try await read(sale, from: redis), ended.isRemoved else { return nil }
        let row = try await postgres.query("select count(*) as n from purchases where sale_id = \(sale)").one()
        return ended.loss(purchases: try row["n"].int)
    }

    /// One sentence about what this Postgres lacks, with the one to look for.
    func loss(purchases: Int) -> String {
        let missing = sold - purchases
        let lost = missing > 0 ? "that end and \(missing) of its purchases" : "that end"
        return "it was finished at step \(step) with \(sold) sold in Redis, but this Postgres has lost \(lost):"
            + " look for the Postgres of lineage \(lineage), which has them"
    }

    /// Why a rebuild with this number of purchases would lose some; nil when it has all of them.
    func loss(rebuilding purchases: Int) -> String? { purchases < sold ? loss(purchases: purchases) : nil }

    /// One sentence about an end that was booked, and is open again in a Postgres that came back older.
    var reopening: String {
        "its end was booked at step \(step) with \(sold) sold, and this Postgres has lost it: it is drained and"
            + " finished again from what Redis has kept; the Postgres of lineage \(lineage) had it"
    }
}
