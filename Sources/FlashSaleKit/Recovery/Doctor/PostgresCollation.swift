/// How a database writes and orders text. Ids are compared as bytes everywhere; what else is indexed follows the
/// locale.
struct PostgresCollation: Sendable, Equatable {
    /// Encoding of the database.
    var encoding: String
    /// Columns of ids, as `ledger.user_id`, that are not ordered by their bytes.
    var otherwiseOrdered: [String]
    /// Version of the locale's library with which the indexes were made, and that of now, when they differ.
    var outgrown: (made: String, now: String)?
    /// Name of the database, quoted when it must be.
    var database: String

    /// Asks the server.
    static func read(_ postgres: PostgresConnection) async throws -> PostgresCollation {
        let row = try await postgres.query(
            """
            select current_setting('server_encoding') as encoding, datcollversion as made,
                pg_database_collation_actual_version(oid) as now, quote_ident(datname) as name
            from pg_database where datname = current_database()
            """
        ).one()
        let columns = try await postgres.query(
            """
            select attrelid::regclass::text || '.' || attname as name from pg_attribute
            where attrelid in (select to_regclass(t) from unnest(array['ledger', 'purchases', 'control_log']) as t
                    union select relid from pg_partition_tree(to_regclass('attempts')))
                and attname in ('user_id', 'value') and attnum > 0 and not attisdropped
                and attcollation <> '"C"'::regcollation
            order by 1
            """
        )
        var found = PostgresCollation(
            encoding: try row["encoding"].text,
            otherwiseOrdered: try columns.map { try $0["name"].text },
            database: try row["name"].text
        )
        if let made = try row["made"].optional?.text, let now = try row["now"].optional?.text, made != now {
            found.outgrown = (made, now)
        }
        return found
    }

    static func == (left: PostgresCollation, right: PostgresCollation) -> Bool { left.check == right.check }

    var check: DeepCheck {
        if encoding != "UTF8" {
            return .critical(
                .collation,
                "The database has the encoding \(encoding): it refuses the records of users whose names it cannot"
                    + " write.",
                fix: ErrorText.whole(Migrator.creation(besides: encoding))
            )
        }
        if !otherwiseOrdered.isEmpty {
            let changes = otherwiseOrdered.map { name in
                let parts = name.split(separator: ".").map(String.init)
                return "alter table \(parts.dropLast().joined(separator: ".")) alter \(parts.last ?? "") "
                    + "type text collate \"C\""
            }
            return .warning(
                .collation,
                "\(otherwiseOrdered.joined(separator: ", ")) follow a locale, not the bytes of an id.",
                fix: "Run in psql: \(changes.joined(separator: "; "))."
            )
        }
        if let outgrown {
            return .warning(
                .collation,
                "Indexes on text were made with version \(outgrown.made) of the locale, and \(outgrown.now) is used "
                    + "now: they may be out of order.",
                fix: "Run in psql: reindex database \(database); alter database \(database) refresh collation version."
            )
        }
        return .ok(.collation, "The database is in UTF-8 and orders ids by their bytes.")
    }
}
