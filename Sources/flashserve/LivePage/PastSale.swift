import FlashSaleKit

/// A finished sale, from the summary that was written at its end.
struct PastSale: Encodable, Sendable, Equatable {
    var id: Int64
    var itemName: String
    /// Milliseconds since 1970.
    var opensAt: Int64
    var closesAt: Int64
    var stock: Int
    /// Nil for all when it was never open in Redis.
    var attempts: Int?
    var held: Int?
    var soldOut: Int?
    var userLimit: Int?
    var banned: Int?
    var purchases: Int?
    var expired: Int?
    var released: Int?

    /// The last ones, the newest first. Reads the table of sales only, never their records.
    static func read(_ postgres: PostgresConnection) async throws -> [PastSale] {
        let rows = try await postgres.query(
            """
            select id, item_name, opens_at, closes_at, stock, (summary ->> 'attempts')::bigint as attempts,
                (summary ->> 'held')::bigint as held, (summary ->> 'sold_out')::bigint as sold_out,
                (summary ->> 'user_limit')::bigint as user_limit, (summary ->> 'banned')::bigint as banned,
                (summary ->> 'purchases')::bigint as purchases, (summary ->> 'expired')::bigint as expired,
                (summary ->> 'released')::bigint as released
            from sales where finished_at is not null and withdrawn_at is null
            order by closes_at desc, id desc limit \(Limits.pastSales)
            """
        )
        return try rows.map { row in
            func count(_ column: String) throws -> Int? { try row[column].optional?.int }
            return PastSale(
                id: try row["id"].saleID.rawValue,
                itemName: try row["item_name"].text,
                opensAt: try row["opens_at"].timestamp.microseconds / 1000,
                closesAt: try row["closes_at"].timestamp.microseconds / 1000,
                stock: try row["stock"].int,
                attempts: try count("attempts"),
                held: try count("held"),
                soldOut: try count("sold_out"),
                userLimit: try count("user_limit"),
                banned: try count("banned"),
                purchases: try count("purchases"),
                expired: try count("expired"),
                released: try count("released")
            )
        }
    }
}
