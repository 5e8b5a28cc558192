/// What Postgres knows of codes: the source of every 200 of a purchase.
public struct PurchaseLookup: Sendable {
    /// What became of a hold.
    public enum Found: Sendable, Equatable {
        /// It was bought, and the purchase is committed.
        case purchased(CommittedPurchase)
        /// The ledger says that it was bought, but the purchase was refused: the buyer waits for an operator.
        case pending
        /// It lapsed or was given back.
        case expired
        /// It was never issued, is held, or its end has not reached Postgres. That it was never issued is certain only
        /// when its sale is finished or does not exist (nil), or when Redis does not know it either.
        case unknown(saleIsFinished: Bool?)
    }

    private let postgres: PostgresConnection

    /// A lookup on this connection.
    public init(postgres: PostgresConnection) {
        self.postgres = postgres
    }

    /// Looks the holds up in one query; each is in the answer.
    public func lookup(_ holds: Set<SaleHold>) async throws -> [SaleHold: Found] {
        var found: [SaleHold: Found] = [:]
        let (holdIDs, saleIDs) = (holds.map(\.holdID), holds.map(\.saleID.rawValue))
        let rows = try await postgres.query(
            """
            select w.hold_id, w.sale_id, p.unit, p.item_id, p.ticket, p.purchased_at, l.kind,
                case when s.id is not null then s.finished_at is not null end as is_finished
            from unnest(\(holdIDs), \(saleIDs)) as w(hold_id, sale_id)
            left join purchases p on p.hold_id = w.hold_id and p.sale_id = w.sale_id
            left join ledger l on l.sale_id = w.sale_id and l.hold_id = w.hold_id
                and l.kind in ('purchased', 'expired', 'released')
            left join sales s on s.id = w.sale_id
            """
        )
        for row in rows {
            let hold = SaleHold(try row["hold_id"].holdID, of: try row["sale_id"].saleID)
            if row["unit"].isNull {
                let kind = try row["kind"].optional?.text
                let isFinished = try row["is_finished"].optional?.bool
                found[hold] =
                    switch kind {
                    case "purchased": .pending
                    case nil: .unknown(saleIsFinished: isFinished)
                    default: .expired
                    }
                continue
            }
            found[hold] = .purchased(
                CommittedPurchase(
                    holdID: hold.holdID,
                    saleID: hold.saleID,
                    unit: try row["unit"].int,
                    itemID: try row["item_id"].int64,
                    ticket: try row["ticket"].text,
                    purchasedAt: try row["purchased_at"].timestamp
                )
            )
        }
        return found
    }
}
