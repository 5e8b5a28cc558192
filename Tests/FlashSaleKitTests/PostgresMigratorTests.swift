import Testing

@testable import FlashSaleKit

@Suite("Migrator: the schema, once and unchanged", .serialized)
struct PostgresMigratorTests {
    private static let first = Migration(name: "m0001_a", script: "create table a (n int); insert into a values (1)")
    private static let second = Migration(name: "m0002_b", script: "create table b (n int); insert into a values (2)")

    @Test("Applies what is missing, in order, and then nothing")
    func idempotent() async throws {
        try await withPostgres { connection, _ in
            let one = Migrator([PostgresMigratorTests.first])
            let both = Migrator([PostgresMigratorTests.first, PostgresMigratorTests.second])
            #expect(try await one.pending(connection) == ["m0001_a"])
            #expect(try await one.migrate(connection) == ["m0001_a"])
            #expect(try await both.pending(connection) == ["m0002_b"])
            #expect(try await both.migrate(connection) == ["m0002_b"])
            #expect(try await both.migrate(connection) == [])
            #expect(try await both.pending(connection) == [])
            #expect(try await connection.query("select count(*) from a").one()[0].int == 2)
            let rows = try await connection.query("select name, sha256, applied_at from schema_migrations order by 1")
            #expect(try rows.map { try $0["name"].text } == ["m0001_a", "m0002_b"])
            #expect(try rows[0]["sha256"].text == PostgresMigratorTests.first.checksum)
            #expect(try rows[0]["applied_at"].timestamp > Timestamp(seconds: 1_700_000_000))
        }
    }

    @Test("Ten at once apply it once")
    func parallel() async throws {
        try await LocalStack.withTemporary { stack in
            let applied = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<10 {
                    group.addTask { try await Migrator().migrate(try await stack.connectPostgres()) }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied == Migrations.all.map(\.name))
        }
    }

    @Test("A changed step and a database that is newer than the binary are refused, with a next step")
    func refuses() async throws {
        try await withPostgres { connection, _ in
            let both = Migrator([PostgresMigratorTests.first, PostgresMigratorTests.second])
            try await both.migrate(connection)
            let changed = Migration(name: "m0001_a", script: PostgresMigratorTests.first.script + " ")
            for migrator in [
                Migrator([changed, PostgresMigratorTests.second]), Migrator([PostgresMigratorTests.first]),
                Migrator([PostgresMigratorTests.second]), Migrator([]),
            ] {
                let applying = try await postgresError { try await migrator.migrate(connection) }
                let asking = try await postgresError { _ = try await migrator.pending(connection) }
                for error in [applying, asking] {
                    #expect(error.code == .migration)
                    #expect(error.nextStep != nil)
                }
            }
            #expect(connection.isUsable)
        }
    }

    @Test("A step that fails leaves nothing of any step behind")
    func atomic() async throws {
        try await withPostgres { connection, _ in
            let broken = Migration(name: "m0002_b", script: "create table b (n int); insert into nope values (1)")
            let error = try await postgresError {
                try await Migrator([PostgresMigratorTests.first, broken]).migrate(connection)
            }
            #expect(error.code == .migration)
            #expect(error.sqlState == "42P01")
            #expect(error.message.contains("m0002_b"))
            #expect(
                try await connection.query("select to_regclass('a'), to_regclass('schema_migrations')").one()[0].isNull
            )
            #expect(try await Migrator([PostgresMigratorTests.first]).migrate(connection) == ["m0001_a"])
        }
    }

    @Test("The embedded files are in the order of their names, and their names are well-formed")
    func embedded() {
        let names = Migrations.all.map(\.name)
        #expect(names == names.sorted())
        #expect(Set(names).count == names.count)
        for (index, name) in names.enumerated() {
            #expect(name.hasPrefix("m" + String(String(10001 + index).dropFirst()) + "_"))
        }
        // echo -n abc | sha256sum
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(Migration(name: "x", script: "abc").checksum == known)
    }
}
