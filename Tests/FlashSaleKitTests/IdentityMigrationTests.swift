import Testing

@testable import FlashSaleKit

/// An installation from before ids were bytes, in a database whose locale orders and compares in its own way.
@Suite(.serialized) struct IdentityMigrationTests {
    private static let names = [
        "b", "B", "a", "\u{E9}", "e\u{301}", "\u{212B}", "A\u{30A}", "a\u{200D}", "a b", "a+b", "\u{10000}", "\u{FFFD}",
    ]
    private static var before: [Migration] { Array(Migrations.all.prefix { $0.name < "m0007" }) }

    @Test("An old installation with rows comes to order its users as programs do, with every index")
    func oldInstallation() async throws {
        try await LocalStack.withTemporary { stack in
            let admin = try await stack.connectPostgres()
            _ = try await admin.query(
                """
                create database old encoding 'UTF8' locale 'C' locale_provider icu icu_locale 'de-DE' template template0
                """
            )
            let endpoint = try stack.postgresEndpoint.database("old")
            let postgres = try await PostgresConnection.connect(to: endpoint, logger: quietLogger)
            #expect(try await Migrator(IdentityMigrationTests.before).migrate(postgres).count == 6)
            try await fill(postgres)
            let sorted = IdentityMigrationTests.names.map { UserID(recorded: $0) }.sorted()
            #expect(try await users("ledger", postgres) != sorted, "the locale has an order of its own")
            #expect(try await PostgresCollation.read(postgres).check.level == .warning)
            let indexes = try await indexes(postgres)

            #expect(try await Migrator().migrate(postgres).contains("m0007_ids"))
            for table in ["ledger", "attempts", "attempts_s1", "attempts_s2", "purchases"] {
                #expect(try await users(table, postgres) == sorted, "\(table)")
            }
            #expect(try await self.indexes(postgres) == indexes, "each index is there as it was")
            #expect(indexes.contains { $0.contains("attempts_s1_blocks") && $0.contains("bloom") }, "\(indexes)")
            #expect(try await PostgresCollation.read(postgres).check.level == .ok)
            // Nothing waits behind us for longer than the next migrations are told to.
            #expect(try await postgres.query("show lock_timeout").one()[0].text == "0")
            try await expectNewSales(postgres)
            await postgres.close()
        }
    }

    /// Two sales, one of them over, with a row of each name in every table.
    private func fill(_ postgres: PostgresConnection) async throws {
        _ = try await postgres.query(
            """
            insert into sales (item_name, image_url, stock, user_limit, hold_ms, opens_at, closes_at, hourly)
            select 'Lamp', 'https://example.com/l.png', 100, 10, 60000, now() + n * interval '1 hour',
                now() + (n + 1) * interval '1 hour', true
            from generate_series(1, 2) n
            """
        )
        for sale in 1...2 {
            let name = "attempts_s\(sale)"
            _ = try await postgres.query(
                "create table \(identifier: name) partition of attempts for values in (\(literal: Int64(sale)))"
            )
            _ = try await postgres.query(
                sale == 1
                    ? AttemptsBlocks.creation(for: #require(SaleID(1)))
                    : "create index attempts_s2_user on attempts_s2 (user_id)"
            )
        }
        for (index, name) in IdentityMigrationTests.names.enumerated() {
            let hold = HoldID(high: 1, low: UInt64(index))
            _ = try await postgres.query(
                """
                with l as (insert into ledger (
                        sale_id, epoch, seq, idx, at, kind, hold_id, user_id, item_id, unit, user_slot)
                    values (1, 1, \(index), 0, now(), 'purchased', \(hold), \(name), 1, \(index + 1)::integer, 1)),
                a as (insert into attempts (sale_id, epoch, seq, idx, at, item_id, outcome, user_id)
                    select s, 1, \(index), 0, now(), 1, 'H', \(name) from generate_series(1, 2) s)
                insert into purchases (sale_id, unit, sale_stock, sale_limit, user_id, user_slot, item_id, hold_id,
                    ticket, purchased_at)
                values (1, \(index + 1)::integer, 100, 10, \(name), 1, 1, \(hold), '', now())
                """
            )
        }
    }

    private func users(_ table: String, _ postgres: PostgresConnection) async throws -> [UserID] {
        let distinct = try await postgres.query(
            "select user_id from \(identifier: table) group by user_id order by user_id"
        )
        return try distinct.map { try $0["user_id"].userID }
    }

    private func indexes(_ postgres: PostgresConnection) async throws -> [String] {
        try await postgres.query(
            """
            select pg_get_indexdef(indexrelid) || ' valid ' || indisvalid as text from pg_index
            where indrelid::regclass::text similar to '(ledger|purchases|control_log|attempts%)' order by 1
            """
        ).map { try $0["text"].text }
    }

    /// A sale that is made afterwards has the same columns, and takes a name of 255 bytes.
    private func expectNewSales(_ postgres: PostgresConnection) async throws {
        let columns = try await postgres.query(
            """
            select count(*) as n from pg_attribute where attname = 'user_id' and attnum > 0
                and attcollation <> '"C"'::regcollation
                and attrelid in (select oid from pg_class
                    where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace)
            """
        ).one()["n"].int
        #expect(columns == 0)
        let long = UserID(recorded: String(repeating: "\u{E9}", count: 127) + "x")
        #expect(long.utf8.count == UserID.maximumLength)
        _ = try await postgres.query(
            """
            insert into ledger (sale_id, epoch, seq, idx, at, kind, user_id, detail)
            values (1, 2, 100, 0, now(), 'ban', \(long), \("why\twho"))
            """
        )
        let logged = try await postgres.query("select value from control_log where action = 'ban'").one()["value"]
            .userID
        #expect(logged == long)
    }

    @Test("A database in another encoding is refused by migrate and by the check of the schema, with a way out")
    func otherEncodings() async throws {
        try await LocalStack.withTemporary { stack in
            let admin = try await stack.connectPostgres()
            for (name, encoding) in [("latin", "LATIN1"), ("ascii", "SQL_ASCII")] {
                _ = try await admin.query(
                    """
                    create database \(identifier: name) encoding \(literal: encoding) locale 'C' template template0
                    """
                )
                let endpoint = try stack.postgresEndpoint.database(name)
                let postgres = try await PostgresConnection.connect(to: endpoint, logger: quietLogger)
                let applying = try await postgresError { try await Migrator().migrate(postgres) }
                let asking = try await postgresError { _ = try await Migrator().pending(postgres) }
                for error in [applying, asking] {
                    #expect(error.code == .migration)
                    #expect(error.message.contains("the database \(name) at"), "\(error.message)")
                    #expect(error.message.contains("has the encoding \(encoding)"), "\(error.message)")
                    #expect(error.nextStep?.contains("encoding 'UTF8' template template0") == true)
                }
                #expect(try await postgres.query("select to_regclass('sales')").one()[0].isNull)
                let check = try await PostgresCollation.read(postgres).check
                #expect(check.level == .critical && check.sentence.contains(encoding), "\(check)")
                let facts = try await PostgresFacts.read(postgres)
                #expect(facts.encodingFault?.level == .critical)
                await postgres.close()
            }
            #expect(try await PostgresFacts.read(admin).encodingFault == nil)
        }
    }
}
