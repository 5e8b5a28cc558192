import Testing

@testable import FlashSaleKit

@Suite("SQL: interpolation binds, it never pastes")
struct PostgresSQLTests {
    @Test("Values become numbered parameters, in order")
    func values() throws {
        let name = "O'Brien'; drop table sales; --"
        let sql: SQL = "select * from sales where item_name = \(name) and stock > \(5) and test = \(true)"
        #expect(sql.text == "select * from sales where item_name = $1 and stock > $2 and test = $3")
        #expect(sql.binds.count == 3)
        #expect(sql.binds[0] == PostgresBind(oid: 0, binary: false, bytes: Array(name.utf8) + [0]))
        #expect(sql.binds[1] == PostgresBind(oid: 20, binary: true, bytes: [0, 0, 0, 0, 0, 0, 0, 5]))
        #expect(!"\(sql)".contains("Brien"))
    }

    @Test("A statement within a statement keeps its binds and is numbered anew")
    func nested() throws {
        let condition: SQL = "stock = \(1) or stock = \(2)"
        let sql: SQL = "select \(7) where (\(condition)) and \(8) > 0"
        #expect(sql.text == "select $1 where (stock = $2 or stock = $3) and $4 > 0")
        #expect(sql.binds.map { $0.bytes?.last } == [7, 1, 2, 8])
    }

    @Test("NULL has the type of its value; strings have none, so the context decides")
    func nulls() {
        let sql: SQL = "select \(nil as Int64?), \(nil as String?), \(nil as HoldID?)"
        #expect(sql.binds.map(\.oid) == [20, 0, 17])
        #expect(sql.binds.allSatisfy { $0.bytes == nil })
    }

    @Test("Names and literals are quoted")
    func quoting() {
        let sql: SQL = "listen \(identifier: "a\"b") \(literal: "it's \\ ok") \(literal: -5)"
        #expect(sql.text == "listen \"a\"\"b\" 'it''s \\ ok' -5")
        #expect(sql.binds.isEmpty)
    }

    @Test("A quote that carries a combining mark is doubled all the same")
    func combiningMark() {
        let sql: SQL = "select \(literal: "'\u{301}; drop")"
        #expect(sql.text == "select '''\u{301}; drop'")
    }

    @Test(
        "Timestamps as Postgres writes them",
        arguments: [
            ("1970-01-01 00:00:00+00", 0), ("2000-01-01 00:00:00+00", 946_684_800_000_000),
            ("1969-12-31 23:59:59.999999+00", -1), ("2026-02-28 12:34:56.7+00", 1_772_282_096_700_000),
            ("2024-02-29 23:59:59.000001+05:30", 1_709_231_399_000_001),
            ("0001-01-01 00:00:00+00", -62_135_596_800_000_000), ("10000-01-01 00:00:00+00", 253_402_300_800_000_000),
        ]
    )
    func timestamps(_ text: String, _ microseconds: Int64) {
        let parsed = Array(text.utf8).withUnsafeBytes { PostgresText.timestamp($0) }
        #expect(parsed?.microseconds == microseconds)
    }

    @Test(
        "What is no timestamp is refused",
        arguments: ["", "infinity", "-infinity", "2026-01-01", "2026-01-01 00:00:00", "0044-03-15 00:00:00+00 BC"]
    )
    func noTimestamps(_ text: String) {
        #expect(Array(text.utf8).withUnsafeBytes { PostgresText.timestamp($0) } == nil)
    }

    @Test("Bytes as Postgres writes them, and what is refused")
    func bytea() {
        func parse(_ text: String) -> [UInt8]? { Array(text.utf8).withUnsafeBytes { PostgresText.bytea($0) } }
        #expect(parse("\\x") == [])
        #expect(parse("\\x00ff0a") == [0, 255, 10])
        for wrong in ["", "00ff", "\\x0", "\\x0g", "\\y00", "abc\\000"] { #expect(parse(wrong) == nil) }
    }

    @Test("Data errors lose what they quote; the row number of a COPY is kept")
    func redaction() {
        let message = "invalid input syntax for type integer: \"secret \"x\" code\""
        let redacted = PostgresError.Server.redact(message, sqlState: "22P02")
        #expect(redacted == "invalid input syntax for type integer: \"…\"")
        let named = "duplicate key value violates unique constraint \"purchases_unit\""
        #expect(PostgresError.Server.redact(named, sqlState: "23505") == named)
        #expect(PostgresError.Server.copyRow(inContext: "COPY ledger, line 17, column user_id") == 17)
        #expect(PostgresError.Server.copyRow(inContext: "PL/pgSQL function f() line 3") == nil)
    }
}
