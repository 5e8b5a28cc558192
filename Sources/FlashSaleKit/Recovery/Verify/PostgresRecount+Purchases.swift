/// The part of the recount that compares the table of purchases with the ledger.
extension PostgresRecount {
    mutating func checkPurchases(_ session: PostgresSession) throws {
        var invariant = Invariant(.purchases, saleID)
        let rows = try session.query(
            """
            with sold as (select * from ledger where sale_id = \(saleID) and kind = 'purchased'),
            bought as (select * from purchases where sale_id = \(saleID)),
            apart as (
                select coalesce(l.hold_id, p.hold_id) as hold_id, l.hold_id is not null as in_ledger,
                    p.hold_id is not null as in_purchases, coalesce(l.unit, p.unit) as unit,
                    coalesce(l.user_id, p.user_id) as user_id,
                    array_to_string(array[
                        case when l.unit <> p.unit then 'unit' end,
                        case when l.user_id <> p.user_id then 'user_id' end,
                        case when l.user_slot <> p.user_slot then 'user_slot' end,
                        case when l.item_id <> p.item_id then 'item_id' end,
                        case when coalesce(l.detail, '') <> p.ticket then 'ticket' end,
                        case when l.at <> p.purchased_at then 'purchased_at' end,
                        case when p.sale_stock <> \(stock) then 'sale_stock' end,
                        case when p.sale_limit <> \(userLimit) then 'sale_limit' end], ', ') as columns
                from sold l full join bought p using (hold_id)
            )
            select *, count(*) over () as n from apart
            where not in_ledger or not in_purchases or columns <> ''
            order by unit, hold_id limit \(Invariant.maximumFindings)
            """
        )
        for row in rows { try addApart(row, to: &invariant, session) }
        invariant.violate(more: (try rows.first?["n"].int ?? 0) - rows.count)
        invariant.figure("purchases", purchases)
        invariant.figure("purchased in the ledger", fold.sold.count)
        invariants.append(invariant)
    }

    private func addApart(_ row: PostgresRow, to invariant: inout Invariant, _ session: PostgresSession) throws {
        let (id, user, unit) = (try row["hold_id"].holdID, try row["user_id"].userID, try row["unit"].int64)
        let what = "unit \(unit) of sale \(saleID), hold \(id) of user '\(user)',"
        if try !row["in_ledger"].bool {
            return invariant.violate("\(what) is in purchases but not in the ledger", hold: id, user: user, unit: unit)
        }
        if try row["in_purchases"].bool {
            let columns = try row["columns"].text
            return invariant.violate(
                "\(what) is in purchases with another \(columns) than in the ledger",
                hold: id,
                user: user,
                unit: unit
            )
        }
        let elsewhere = try session.query("select sale_id from purchases where hold_id = \(id)").first
        let letter = try session.query(
            """
            select id from dead_letter where sale_id = \(saleID) and kind = 'purchased' and repaired_at is null
                and position(convert_to(encode(\(id), 'hex'), 'UTF8') in payload) > 0
            """
        ).first
        var place = ""
        if let elsewhere { place = ": purchases has it in sale \(try elsewhere["sale_id"].int64)" }
        if let letter { place = ": it is dead letter \(try letter["id"].int64)" }
        invariant.violate(
            "\(what) is bought in the ledger but not in purchases\(place)",
            hold: id,
            user: user,
            unit: unit
        )
    }
}
