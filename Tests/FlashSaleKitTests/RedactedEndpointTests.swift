import Testing

@testable import FlashSaleKit

/// What `config show` may show of an address.
struct RedactedEndpointTests {
    @Test(arguments: [
        ("postgres://u:hunter2@db.example:6543/shop", "postgresql://u:***@db.example:6543/shop"),
        ("postgres://u@db/shop?sslmode=require", "postgresql://u@db/shop?sslmode=require"),
        (
            "host=db user=u password=hunter2 sslpassword=hunter2 sslkey=/hunter2",
            "postgresql://u:***@db/?sslkey=***&sslpassword=***"
        ),
        ("unix:///run/pg?user=u&password=hunter2&dbname=shop", "postgresql://u:***@/shop?host=/run/pg"),
        ("postgres://:hunter2@db/shop", "postgresql://:***@db/shop"),
        ("hostaddr=::1 port=5 dbname=x", "postgresql://[::1]:5/x"),
        ("postgres://u@/shop?host=/run/pg&port=6", "postgresql://u@/shop?host=/run/pg&port=6"),
    ])
    func nothingSecretIsShown(text: String, shown: String) throws {
        let redacted = try PostgresEndpoint(parsing: text).redacted
        #expect(redacted.split(separator: "?")[0] == shown.split(separator: "?")[0])
        let query = { (url: String) in Set((url.split(separator: "?").dropFirst().first ?? "").split(separator: "&")) }
        #expect(query(redacted) == query(shown))
        #expect(!redacted.contains("hunter2"))
    }
}
