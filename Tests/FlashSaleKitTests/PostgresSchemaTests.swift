import Testing

@testable import FlashSaleKit

@Suite("Schema: the last defence holds without our code", .serialized)
struct PostgresSchemaTests {
    /// A sale of 3 units and at most 2 for a user.
    private func withSale(_ body: @Sendable (PostgresConnection, Int64) async throws -> Void) async throws {
        try await withPostgres { connection, _ in
            try await Migrator().migrate(connection)
            let row = try await connection.query(
                """
                insert into sales (item_name, image_url, stock, user_limit, hold_ms, opens_at, closes_at, hourly)
                values ('Cup', 'https://x/cup.png', 3, 2, 300000, '2026-01-01 10:00Z', '2026-01-01 11:00Z', true)
                returning id
                """
            ).one()
            try await body(connection, try row["id"].int64)
        }
    }

    private func purchase(
        _ sale: Int64,
        unit: Int?,
        stock: Int? = 3,
        limit: Int? = 2,
        user: String? = "u",
        slot: Int? = 1,
        hold: UInt64
    ) -> SQL {
        """
        insert into purchases
            (sale_id, unit, sale_stock, sale_limit, user_id, user_slot, item_id, hold_id, ticket, purchased_at)
        values (\(sale), \(unit), \(stock), \(limit), \(user), \(slot), 7, \(HoldID(high: 0, low: hold)), '', now())
        """
    }

    @Test("Unit stock + 1 and slot limit + 1 are impossible, also by lying about the ceilings")
    func ceilings() async throws {
        try await withSale { connection, sale in
            for unit in 1...3 {
                let sql = purchase(sale, unit: unit, user: "u\(unit)", hold: UInt64(unit))
                #expect(try await connection.query(sql).affected == 1)
            }
            for (sql, constraint) in [
                (purchase(sale, unit: 4, user: "x", hold: 9), "purchases_unit_in_stock"),
                (purchase(sale, unit: 0, user: "x", hold: 9), "purchases_unit_in_stock"),
                (purchase(sale, unit: 4, stock: 4, user: "x", hold: 9), "purchases_ceilings"),
                (purchase(sale, unit: 3, user: "x", hold: 9), "purchases_unit"),
                (purchase(sale, unit: 1, user: "x", slot: 3, hold: 9), "purchases_slot_in_limit"),
                (purchase(sale, unit: 1, limit: 9, user: "x", slot: 3, hold: 9), "purchases_unit"),
                (purchase(sale + 1, unit: 1, user: "x", hold: 9), "purchases_ceilings"),
                (purchase(sale + 1, unit: 1, user: "x", hold: 1), "purchases_hold"),
            ] {
                let error = try await postgresError { _ = try await connection.query(sql) }
                #expect(error.constraint == constraint)
            }
            _ = try await connection.query("delete from purchases")
            for (sql, constraint) in [
                (purchase(sale, unit: 2, slot: 1, hold: 2), "purchases_slot"),
                (purchase(sale, unit: 2, slot: 2, hold: 1), "purchases_hold"),
                (purchase(sale, unit: 2, limit: 9, slot: 3, hold: 3), "purchases_ceilings"),
            ] {
                _ = try await connection.query("delete from purchases")
                _ = try await connection.query(purchase(sale, unit: 1, hold: 1))
                let error = try await postgresError { _ = try await connection.query(sql) }
                #expect(error.constraint == constraint)
            }
        }
    }

    @Test("NULL passes nowhere in purchases")
    func nulls() async throws {
        try await withSale { connection, sale in
            for sql in [
                purchase(sale, unit: nil, hold: 1), purchase(sale, unit: 1, stock: nil, hold: 1),
                purchase(sale, unit: 1, limit: nil, hold: 1), purchase(sale, unit: 1, user: nil, hold: 1),
                purchase(sale, unit: 1, slot: nil, hold: 1),
            ] {
                let error = try await postgresError { _ = try await connection.query(sql) }
                #expect(error.sqlState == "23502")
            }
            let nullable = try await connection.query(
                """
                select attname from pg_attribute
                where attrelid in ('purchases'::regclass, 'attempts'::regclass) and attnum > 0 and not attnotnull
                """
            )
            #expect(nullable.isEmpty)
        }
    }

    @Test("The terms of a sale are immutable; what is no term can change")
    func terms() async throws {
        try await withSale { connection, sale in
            for change in [
                "stock = 4", "user_limit = 3", "hold_ms = 1000", "opens_at = opens_at - interval '1 s'",
                "hourly = false",
            ] {
                let error = try await postgresError {
                    _ = try await connection.query("update sales set \(SQL(unsafeRaw: change)) where id = \(sale)")
                }
                #expect(error.sqlState == "23001", "\(change)")
            }
            let id = try await postgresError { _ = try await connection.query("update sales set id = default") }
            #expect(id.sqlState == "23001")
            #expect(try await connection.query("update sales set finished_at = now(), summary = '{}'").affected == 1)
            let double = try await postgresError {
                _ = try await connection.query(
                    """
                    insert into sales (item_name, image_url, stock, user_limit, hold_ms, opens_at, closes_at, hourly)
                    select item_name, image_url, stock, user_limit, hold_ms, opens_at, closes_at, hourly from sales
                    """
                )
            }
            #expect(double.constraint == "sales_hourly_start")
        }
    }

    private func ledger(
        _ sale: Int64,
        seq: Int,
        _ kind: String,
        hold: HoldID?,
        user: String? = "u",
        unit: Int? = nil
    ) -> SQL {
        """
        insert into ledger (sale_id, epoch, seq, idx, at, kind, hold_id, user_id, item_id, unit, user_slot, deadline)
        values (\(sale), 1, \(seq), 0, now(), \(kind), \(hold), \(user), 7, \(unit), \(unit), now())
        """
    }

    @Test("The ledger only grows, and each hold begins once and ends once")
    func ledger() async throws {
        try await withSale { connection, sale in
            let hold = HoldID(high: 1, low: 2)
            _ = try await connection.query(ledger(sale, seq: 1, "held", hold: hold))
            _ = try await connection.query(ledger(sale, seq: 2, "purchased", hold: hold, unit: 1))
            for (sql, constraint) in [
                (ledger(sale, seq: 3, "held", hold: hold), "ledger_held_once"),
                (ledger(sale, seq: 3, "expired", hold: hold), "ledger_ended_once"),
                (ledger(sale, seq: 3, "released", hold: hold), "ledger_ended_once"),
                (ledger(sale, seq: 3, "purchased", hold: hold, unit: 2), "ledger_ended_once"),
                (ledger(sale, seq: 2, "control", hold: nil), "ledger_pkey"),
                (ledger(sale, seq: 3, "held", hold: nil), "ledger_hold_complete"),
                (ledger(sale, seq: 3, "expired", hold: nil), "ledger_hold_complete"),
                (ledger(sale, seq: 3, "held", hold: HoldID(high: 3, low: 3), user: nil), "ledger_hold_complete"),
                (ledger(sale, seq: 3, "purchased", hold: HoldID(high: 3, low: 3)), "ledger_purchased_complete"),
                (ledger(sale, seq: 3, "nonsense", hold: nil), "ledger_kind_check"),
            ] {
                let error = try await postgresError { _ = try await connection.query(sql) }
                #expect(error.constraint == constraint)
            }
            for sql in [
                "update ledger set kind = 'expired'", "delete from ledger", "truncate ledger", "truncate sales cascade",
                "update ledger set kind = 'expired' where false",
            ] {
                let error = try await postgresError { _ = try await connection.query(SQL(unsafeRaw: sql)) }
                #expect(error.sqlState == "23001", "\(sql)")
            }
            let gone = try await postgresError { _ = try await connection.query("delete from sales") }
            #expect(gone.sqlState == "23503")
            #expect(try await connection.query("select * from ledger").count == 2)
        }
    }

    @Test("Attempts need the partition of their sale; there is one installation and one identity")
    func singles() async throws {
        try await withSale { connection, sale in
            let attempt: SQL = "insert into attempts values (\(sale), 1, 1, 0, now(), 7, 'S', 'u')"
            let error = try await postgresError { _ = try await connection.query(attempt) }
            #expect(error.sqlState == "23514")
            _ = try await connection.query(
                "create table attempts_s1 partition of attempts for values in (\(literal: sale))"
            )
            #expect(try await connection.query(attempt).affected == 1)
            let row = try await connection.query("select octet_length(secret) as n, id from installation").one()
            #expect(try row["n"].int == 32)
            let second = try await postgresError {
                _ = try await connection.query(
                    "insert into installation (id, secret) select id, secret from installation"
                )
            }
            #expect(second.sqlState == "23505")
            let off = try await postgresError {
                _ = try await connection.query(
                    "insert into installation (only_row, id, secret) select false, id, secret from installation"
                )
            }
            #expect(off.sqlState == "23514")
        }
    }
}
