import Testing

@testable import FlashSaleKit

@Suite("PostgresEndpoint: addresses")
struct PostgresEndpointTests {
    @Test(
        "Every accepted form",
        arguments: [
            ("postgres://u:pw@db.example:6543/shop", "db.example:6543", "postgresql://u@db.example:6543/shop"),
            ("postgresql://u@db/shop?sslmode=require", "db:5432", "postgresql://u@db:5432/shop"),
            ("host=db port=6 user=u password=pw dbname=shop", "db:6", "postgresql://u@db:6/shop"),
            ("localhost:5433", "localhost:5433", "postgresql://localhost:5433/"),
            ("db", "db:5432", "postgresql://db:5432/"),
            ("[::1]:5433/shop", "[::1]:5433", "postgresql://[::1]:5433/shop"),
            ("a.example:1,b.example:2", "a.example:1,b.example:2", "postgresql://a.example:1,b.example:2/"),
            ("host=a,b user=u", "a:5432,b:5432", "postgresql://u@a:5432,b:5432/"),
            ("postgres://u%40x@db/b%2Fc", "db:5432", "postgresql://u%40x@db:5432/b%2Fc"),
            ("localhost:5433/shop", "localhost:5433", "postgresql://localhost:5433/shop"),
            (
                "unix:///run/pg?dbname=shop", "unix:///run/pg/.s.PGSQL.5432",
                "postgresql:///shop?host=/run/pg&port=5432"
            ),
            (
                "unix:///run/pg/.s.PGSQL.7?user=u", "unix:///run/pg/.s.PGSQL.7",
                "postgresql://u@/?host=/run/pg&port=7"
            ),
            (
                "postgresql://u@/shop?host=%2Frun%2Fpg", "unix:///run/pg/.s.PGSQL.5432",
                "postgresql://u@/shop?host=/run/pg&port=5432"
            ),
        ]
    )
    func forms(_ text: String, _ location: String, _ description: String) throws {
        let endpoint = try PostgresEndpoint(parsing: text)
        #expect(endpoint.location == location)
        #expect("\(endpoint)" == description)
        // What is printed can be pasted.
        #expect(try "\(PostgresEndpoint(parsing: location).location)" == location)
        #expect(try "\(PostgresEndpoint(parsing: description))" == description)
    }

    @Test(
        "What cannot be used is refused without quoting it",
        arguments: [
            "", "postgres://u:hunter2%zz@h/db", "host=db password='hunter2", "postgres://u:hun@ter2@host/db",
            "postgres:/f:hunter2@db/x", "postgres:hunter2/db", "u:hunter2@h/db", "u:hunter2@h", "postgres:/hunter2/db",
            "db:5432/x:hunter2", "db:5432/x?hunter2", "postgres://u:hun/ter2@h/db", "postgres://h:hunter2/db",
            "postgres://u:p/x?hunter2=1@h/db", "postgres://u@h/db?a=hunter2",
            "user=u hunter2", "host=db hunter2=x",
        ]
    )
    func refused(_ text: String) throws {
        let error = try #require(throws: PostgresError.self) { try PostgresEndpoint(parsing: text) }
        #expect(error.code == .invalidEndpoint)
        #expect(!"\(error)".contains("unter2") && !"\(error)".contains("ter2"))
        #expect(error.nextStep != nil)
    }

    @Test(
        "What other clients put into a URL is named, with what takes its place",
        arguments: [
            ("postgres://u:pw@h/db?schema=shop", "know its parameter 'schema'", "options=-csearch_path%3DNAME"),
            ("postgres://u:pw@h/db?sslmode=require&pgbouncer=true", "'pgbouncer'", "pool in session mode"),
            ("postgres://u:pw@h:6543/db?supa=base-pooler.x", "'supa'", "leave it out"),
            ("postgres://u:pw@h/db?ssl=1", "'ssl'", "sslmode=require"),
            ("postgres://h/db?sslmod=require", "'sslmod'", "leave out sslmod, or correct it"),
            ("jdbc:postgresql://h:5432/db?user=u&password=pw", "URL for Java", "leave out jdbc:"),
            ("postgresql+asyncpg://u:pw@h/db", "its scheme is postgresql+asyncpg", "write postgres://"),
        ]
    )
    func foreign(_ text: String, _ why: String, _ remedy: String) throws {
        let error = try #require(throws: PostgresError.self) { try PostgresEndpoint(parsing: text) }
        #expect(error.code == .invalidEndpoint)
        #expect(error.message.contains(why), "\(error)")
        #expect(error.nextStep?.contains(remedy) == true, "\(error)")
        #expect(!"\(error)".contains("pw"))
    }

    @Test("Another database on the same server")
    func database() throws {
        let endpoint = try PostgresEndpoint(parsing: "postgres://u:pw@h:1/a").database("b c")
        #expect("\(endpoint)" == "postgresql://u@h:1/b%20c")
        #expect(endpoint["password"] == "pw")
    }

    @Test("Options of the URL come after ours, and the settings that readers rely on come last")
    func options() throws {
        let endpoint = try PostgresEndpoint(parsing: "postgres://h/db?options=-c%20synchronous_commit%3Doff")
        let parameters = endpoint.libpqParameters(PostgresOptions())
        let options = try #require(parameters.last { $0.keyword == "options" }?.value)
        let ours = try #require(options.firstRange(of: "synchronous_commit=on"))
        let theirs = try #require(options.firstRange(of: "synchronous_commit=off"))
        let fixed = try #require(options.firstRange(of: "TimeZone=UTC"))
        #expect(ours.upperBound < theirs.lowerBound && theirs.upperBound < fixed.lowerBound)
        #expect(parameters.contains { $0.keyword == "application_name" && $0.value == "flashctl" })
    }

    @Test("The name given in the URL wins")
    func applicationName() throws {
        let endpoint = try PostgresEndpoint(parsing: "postgres://h/db?application_name=mine")
        let names = endpoint.libpqParameters(PostgresOptions()).filter { $0.keyword == "application_name" }
        #expect(names.map(\.value) == ["mine"])
    }

    @Test("Durations are rounded up to milliseconds: a deadline is never passed early")
    func milliseconds() {
        #expect(Duration.microseconds(1).wholeMilliseconds == 1)
        #expect(Duration.seconds(2).wholeMilliseconds == 2000)
        #expect(Duration.zero.wholeMilliseconds == 0)
    }
}
