import Testing

@testable import FlashSaleKit

@Suite("COPY in the binary format", .serialized)
struct PostgresCopyTests {
    private static let columns = "a int8, b int4, c int2, d text, e bytea, f timestamptz, g \"char\", h bool, i bytea"

    @Test("Every type arrives as it was, NULLs included")
    func everyType() async throws {
        try await withPostgres { connection, _ in
            _ = try await connection.query(
                SQL(unsafeRaw: "create temp table t (n serial, \(PostgresCopyTests.columns))")
            )
            var rows = CopyBuffer(capacity: 1)
            rows.beginRow(columns: 9)
            rows.appendInt64(.min)
            rows.appendInt32(-1)
            rows.appendInt16(.max)
            rows.appendText("Ω\t\n\\\"'🎟️")
            rows.appendBytes([0, 1, 255])
            rows.appendTimestamp(Timestamp(microseconds: 1_772_282_096_700_001))
            rows.appendChar(UInt8(ascii: "S"))
            rows.appendBool(true)
            rows.appendHoldID(HoldID(high: .max, low: 1))
            rows.beginRow(columns: 9)
            for _ in 0..<9 { rows.appendNull() }
            #expect(rows.rowCount == 2)
            let bytes = rows
            let stored = try await connection.transaction { session in
                try session.copyIn("copy t (a, b, c, d, e, f, g, h, i) from stdin (format binary)", bytes)
            }
            #expect(stored == 2)
            let read = try await connection.query("select * from t order by n")
            let row = read[0]
            #expect(try row["a"].int64 == .min)
            #expect(try row["b"].int64 == -1)
            #expect(try row["c"].int64 == Int64(Int16.max))
            #expect(try row["d"].text == "Ω\t\n\\\"'🎟️")
            #expect(try row["e"].bytes == [0, 1, 255])
            #expect(try row["f"].timestamp.microseconds == 1_772_282_096_700_001)
            #expect(try row["g"].text == "S")
            #expect(try row["h"].bool)
            #expect(try row["i"].holdID == HoldID(high: .max, low: 1))
            for column in 1..<10 { #expect(read[1][column].isNull) }
        }
    }

    @Test("Odd texts of every kind, from strings, arrays, slices and lazy collections")
    func texts() async throws {
        try await withPostgres { connection, _ in
            _ = try await connection.query("create temp table t (n int, a text)")
            var rows = CopyBuffer()
            for (index, text) in oddTexts.enumerated() {
                rows.beginRow(columns: 2)
                rows.appendInt32(Int32(index))
                switch index % 4 {
                case 0: rows.appendText(text)
                case 1: rows.appendText(Array(text.utf8))
                case 2: rows.appendText(([0] + Array(text.utf8))[1...])
                default: rows.appendText(text.utf8.lazy.map { $0 })
                }
            }
            let bytes = rows
            _ = try await connection.transaction { try $0.copyIn("copy t from stdin (format binary)", bytes) }
            let read = try await connection.query("select a from t order by n")
            #expect(try read.map { try $0[0].text } == oddTexts)
        }
    }

    @Test("No rows, one row, and more bytes than one piece; the buffer can be used again")
    func sizes() async throws {
        try await withPostgres { connection, _ in
            _ = try await connection.query("create temp table t (n int8, a text)")
            var rows = CopyBuffer()
            for count in [0, 1, 2000, 30_000] {
                rows.removeAll()
                #expect(rows.isEmpty && rows.byteCount == CopyBuffer.header.count)
                for index in 0..<count {
                    rows.beginRow(columns: 2)
                    rows.appendInt64(Int64(index))
                    rows.appendText("user \(index)")
                }
                let bytes = rows
                let stored = try await connection.transaction { session in
                    try session.query("truncate t")
                    return try session.copyIn("copy t from stdin (format binary)", bytes)
                }
                #expect(stored == count)
                let row = try await connection.query("select count(*), coalesce(sum(n), 0) from t").one()
                #expect(try row[0].int == count && row[1].int == count * (count - 1) / 2)
            }
            #expect(rows.byteCount > PostgresWire.copyPiece)
        }
    }

    @Test("A refused row discards the connection and nothing is stored; its number is known")
    func refusedRow() async throws {
        try await withPostgres { first, stack in
            _ = try await first.query("create table t (n int constraint t_n check (n <> 17), a text)")
            for (bad, state, name) in [
                ([0x61, 0xFF] as [UInt8], "22021", nil as String?), ([0x61, 0x00], "22021", nil),
                ([0x61], "23514", "t_n"),
            ] {
                let connection = try await stack.connectPostgres()
                let error = try await postgresError {
                    try await connection.transaction { session in
                        var rows = CopyBuffer()
                        for index in 0..<30 {
                            rows.beginRow(columns: 2)
                            rows.appendInt32(index == 11 && name != nil ? 17 : 1)
                            rows.appendText(index == 11 ? bad : [0x62])
                        }
                        try session.copyIn("copy t from stdin (format binary)", rows)
                    }
                }
                #expect(error.code == .server(sqlState: state))
                #expect(error.constraint == name)
                #expect(error.server?.copyRow == 12)
                #expect(!connection.isUsable)
            }
            #expect(try await first.query("select * from t").isEmpty)
        }
    }

    @Test("An error long before the end of the rows is the error that comes out")
    func earlyError() async throws {
        try await withPostgres { connection, _ in
            _ = try await connection.query("create temp table t (n int constraint t_n check (n > 0), a text)")
            let error = try await postgresError {
                try await connection.transaction { session in
                    var rows = CopyBuffer()
                    for index in 0..<400 {
                        rows.beginRow(columns: 2)
                        rows.appendInt32(Int32(index))
                        rows.appendText(oddTexts[oddTexts.count - 1])
                    }
                    try session.copyIn("copy t from stdin (format binary)", rows)
                }
            }
            #expect(error.constraint == "t_n")
            #expect(!connection.isUsable)
        }
    }

    @Test("A COPY that cannot start: unknown table, binds, no COPY at all, another direction")
    func cannotStart() async throws {
        try await withPostgres { _, stack in
            for (statement, code) in [
                ("copy nope from stdin (format binary)", .server(sqlState: "42P01")),
                ("copy (select \(1)) to stdout", .invalidStatement), ("select 1", .invalidStatement),
                ("copy (select 1) to stdout", .closed),
            ] as [(SQL, PostgresError.Code)] {
                let connection = try await stack.connectPostgres()
                let error = try await postgresError {
                    try await connection.transaction { try $0.copyIn(statement, CopyBuffer()) }
                }
                #expect(error.code == code, "\(statement)")
            }
        }
    }

    @Test("Building rows is cheap: far less than a microsecond a field, measured against COPY itself")
    func cost() async throws {
        try await withPostgres { connection, _ in
            _ = try await connection.query(
                """
                create unlogged table t (sale_id int8, epoch int8, seq int8, idx int4, at timestamptz, item_id int8,
                                         outcome "char", user_id text)
                """
            )
            let clock = ContinuousClock()
            var rows = CopyBuffer()
            let user = Array("user-0123456789".utf8)
            func build() {
                rows.removeAll()
                for index in 0..<2000 {
                    rows.beginRow(columns: 8)
                    rows.appendInt64(1)
                    rows.appendInt64(2)
                    rows.appendInt64(3)
                    rows.appendInt32(Int32(index))
                    rows.appendTimestamp(Timestamp(microseconds: 1_772_282_096_700_001))
                    rows.appendInt64(7)
                    rows.appendChar(UInt8(ascii: "S"))
                    rows.appendText(user)
                }
            }
            build()
            let size = rows.byteCount
            // The fastest of ten: the others may have waited for the processor.
            let building = (0..<10).map { _ in clock.measure { build() } }.min() ?? .zero
            #expect(rows.byteCount == size)
            let bytes = rows
            var copying = Duration.seconds(3600)
            for _ in 0..<10 {
                let time = try await clock.measure {
                    _ = try await connection.transaction { try $0.copyIn("copy t from stdin (format binary)", bytes) }
                }
                copying = min(copying, time)
            }
            #expect(try await connection.query("select count(*) from t").one()[0].int == 20_000)
            // Without optimisation the appends are calls; even so they must not dominate by an order of magnitude.
            #expect(building < copying * 10, "building \(building), copying \(copying)")
        }
    }
}
