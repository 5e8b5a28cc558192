import Foundation
import Testing

@testable import FlashSaleKit

@Suite("PostgresConnection: statements and values", .serialized)
struct PostgresQueryTests {
    @Test("Values of every type go there and back")
    func everyType() async throws {
        try await withPostgres { connection, _ in
            let hold = HoldID(high: 0x0123_4567_89AB_CDEF, low: .max)
            let time = Timestamp(microseconds: 1_772_282_096_700_001)
            let sale = try #require(SaleID(Int64.max))
            let row = try await connection.query(
                """
                select \(Int64.min) as a, \(42) as b, \(true) as c, \(false) as d, \([0, 255, 0] as [UInt8]) as e,
                       \(time) as f, \(hold) as g, \(sale) as h, \(nil as Int64?) as i, \(nil as String?)::text as j,
                       \("x" as String?)::text as k, 1.5::float8 as l, \(Int32(7)) as m, \([] as [UInt8]) as n,
                       pg_typeof(\(hold))::text as o, \(Timestamp(microseconds: -1)) as p
                """
            ).one()
            #expect(try row["a"].int64 == Int64.min)
            #expect(try row["b"].int == 42)
            #expect(try row["c"].bool)
            #expect(try !row["d"].bool)
            #expect(try row["e"].bytes == [0, 255, 0])
            #expect(try row["f"].timestamp == time)
            #expect(try row["g"].holdID == hold)
            #expect(try row["h"].saleID == sale)
            #expect(row["i"].isNull && row["j"].isNull)
            #expect(try row["i"].optional?.int64 == nil)
            #expect(try row["k"].optional?.text == "x")
            #expect(try row["l"].double == 1.5)
            #expect(try row["m"].int64 == 7)
            #expect(try row["n"].bytes == [])
            #expect(try row["o"].text == "bytea")
            #expect(try row["p"].timestamp.microseconds == -1)
            #expect(row.count == 16)
        }
    }

    @Test("Arrays of every type, also empty ones")
    func arrays() async throws {
        try await withPostgres { connection, _ in
            let holds = [HoldID(high: 1, low: 2), HoldID(high: 3, low: 4)]
            let rows = try await connection.query(
                "select h, n, t from unnest(\(holds), \([5, 6] as [Int64]), \(["a", "b,\"{}\\"])) as x (h, n, t)"
            )
            #expect(try rows.map { try $0["h"].holdID } == holds)
            #expect(try rows.map { try $0["n"].int64 } == [5, 6])
            #expect(try rows.map { try $0["t"].text } == ["a", "b,\"{}\\"])
            let texts = try await connection.query("select t from unnest(\(oddTexts)) with ordinality as x (t, n)")
            #expect(try texts.map { try $0[0].text } == oddTexts)
            let empty: SQL =
                "select 1 = any(\([] as [Int64])), 'a' = any(\([] as [String])), \(holds[0]) = any(\(holds))"
            let row = try await connection.query(empty).one()
            #expect(try !row[0].bool && !row[1].bool && row[2].bool)
            let times = try await connection.query("select array_length(\([Timestamp(seconds: 0)]), 1)").one()
            #expect(try times[0].int == 1)
            let flags = try await connection.query("select \([true, false])::text").one()
            #expect(try flags[0].text == "{t,f}")
        }
    }

    @Test("Odd texts arrive unchanged", arguments: [oddTexts])
    func texts(_ texts: [String]) async throws {
        try await withPostgres { connection, _ in
            for text in texts {
                let row = try await connection.query(
                    "select \(text)::text, octet_length(\(text)::text), \(literal: text)"
                ).one()
                #expect(try row[0].text == text)
                #expect(try row[1].int == text.utf8.count)
                #expect(try row[2].text == text)
            }
        }
    }

    @Test("A NUL is refused, never cut off at, and harms nothing")
    func nul() async throws {
        try await withPostgres { connection, _ in
            let bound = try await postgresError { _ = try await connection.query("select \("a\0b")::text") }
            #expect(bound.sqlState == "22021")
            let inArray = try await postgresError { _ = try await connection.query("select \(["a\0b"])") }
            #expect(inArray.sqlState == "22021")
            let raw = try await postgresError { _ = try await connection.query(SQL(unsafeRaw: "select 1\0; select 2")) }
            #expect(raw.code == .invalidStatement)
            #expect(connection.isUsable)
            #expect(try await connection.query("select 1").one()[0].int == 1)
        }
    }

    @Test("A string takes its type from the context, like a literal")
    func untypedStrings() async throws {
        try await withPostgres { connection, _ in
            let id = "0b0e7a3c-9d3c-4ae5-8c5b-6a4f3e2d1c0b"
            let row = try await connection.query(
                "select \(id)::uuid::text, \("{\"a\": 1}")::jsonb ->> 'a', (\("H")::\"char\")::text"
            ).one()
            #expect(try (0..<3).map { try row[$0].text } == [id, "1", "H"])
        }
    }

    @Test("Reading a wrong value says which column, and not what it holds")
    func decoding() async throws {
        try await withPostgres { connection, _ in
            let row = try await connection.query("select 'secret' as a, null as b, '\\x0102'::bytea as c").one()
            for read in [
                { _ = try row["a"].int64 }, { _ = try row["a"].bool }, { _ = try row["a"].bytes },
                { _ = try row["a"].timestamp }, { _ = try row["a"].double }, { _ = try row["b"].text },
                { _ = try row["c"].holdID }, { _ = try row["nope"].text }, { _ = try row[3].text },
            ] as [() throws -> Void] {
                let error = try await postgresError { try read() }
                #expect(error.code == .decoding)
                #expect(error.message.contains("column"))
                #expect(!"\(error)".contains("secret"))
            }
            #expect(!row["nope"].isNull)
            let many = try await connection.query("select * from generate_series(1, 3)")
            #expect(throws: PostgresError.self) { try many.one() }
        }
    }

    @Test("Columns, counts and command tags; COPY and other misuse is refused")
    func answers() async throws {
        try await withPostgres { connection, _ in
            _ = try await connection.query("create temp table t (a int, \"B c\" text)")
            let inserted = try await connection.query("insert into t values (1, 'x'), (2, 'y') returning a, \"B c\"")
            #expect(inserted.affected == 2)
            #expect(inserted.columns == ["a", "B c"])
            #expect(try inserted.map { try $0["B c"].text } == ["x", "y"])
            #expect(inserted.commandTag == "INSERT 0 2")
            #expect(try await connection.query("update t set a = 3 where a = 9").affected == 0)
            #expect(try await connection.query("").isEmpty)
            #expect(connection.isUsable)
            let copy = try await postgresError { _ = try await connection.query("copy t from stdin") }
            #expect(copy.code == .closed)
            #expect(!connection.isUsable)
        }
    }

    @Test("The settings that readers rely on hold, whatever the URL and the database say")
    func settings() async throws {
        try await withPostgres { first, stack in
            _ = try await first.query("alter database postgres set datestyle = 'German'")
            _ = try await first.query("alter database postgres set timezone = 'Asia/Tokyo'")
            _ = try await first.query("alter database postgres set bytea_output = 'escape'")
            let url = stack.postgresURL + "&options=-c%20TimeZone%3DAmerica/Lima%20-c%20work_mem%3D5MB"
            let connection = try await PostgresConnection.connect(to: PostgresEndpoint(parsing: url))
            let row = try await connection.query("select \(Timestamp(seconds: 1)), '\\x41'::bytea").one()
            #expect(try row[0].timestamp == Timestamp(seconds: 1))
            #expect(try row[1].bytes == [0x41])
            #expect(try await connection.query("show work_mem").one()[0].text == "5MB")
            #expect(try await connection.query("show synchronous_commit").one()[0].text == "on")
            #expect(try await connection.query("show idle_in_transaction_session_timeout").one()[0].text == "3s")
            #expect(try await connection.query("show application_name").one()[0].text == "flashctl")
            var options = PostgresOptions()
            options.synchronousCommit = false
            let relaxed = try await stack.connectPostgres(options)
            #expect(try await relaxed.query("show synchronous_commit").one()[0].text == "off")
        }
    }
}
