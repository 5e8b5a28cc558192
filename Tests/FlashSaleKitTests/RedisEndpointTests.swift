import Testing

@testable import FlashSaleKit

@Suite struct RedisEndpointTests {
    @Test(
        arguments: [
            ("localhost", .tcp(host: "localhost", port: 6379)),
            ("redis.example:7000", .tcp(host: "redis.example", port: 7000)),
            ("[::1]:6380", .tcp(host: "::1", port: 6380)),
            ("[fe80::1]", .tcp(host: "fe80::1", port: 6379)),
            ("redis://10.0.0.1", .tcp(host: "10.0.0.1", port: 6379)),
            ("REDIS://h:1", .tcp(host: "h", port: 1)),
            ("redis://h:65535/", .tcp(host: "h", port: 65_535)),
            ("unix:///run/redis.sock", .unix(path: "/run/redis.sock")),
            ("unix:///a%20b", .unix(path: "/a b")),
            ("/run/redis.sock", .unix(path: "/run/redis.sock")),
        ] as [(String, RedisEndpoint.Target)]
    )
    func `addresses without credentials`(text: String, target: RedisEndpoint.Target) throws {
        #expect(try RedisEndpoint(parsing: text) == RedisEndpoint(target: target))
    }

    @Test func `credentials, database and TLS`() throws {
        #expect(
            try RedisEndpoint(parsing: "redis://ann:p%40ss%2Fw%3F@h:7/3")
                == RedisEndpoint(
                    target: .tcp(host: "h", port: 7),
                    username: "ann",
                    password: RedisSecret("p@ss/w?"),
                    database: 3
                )
        )
        let unencoded = try RedisEndpoint(parsing: "redis://:p@ss?w@h")
        #expect(unencoded.username == nil && unencoded.password == RedisSecret("p@ss?w"))
        #expect(unencoded.target == .tcp(host: "h", port: 6379))
        let secure = try RedisEndpoint(parsing: "rediss://:pw@h/2?cacert=/etc/ca.pem&cert=/c.pem&key=/k.pem")
        #expect(secure.tls == .init(caCertificate: "/etc/ca.pem", certificate: "/c.pem", privateKey: "/k.pem"))
        #expect(secure.database == 2)
        #expect("\(secure)" == "rediss://:***@h:6379/2?cacert=/etc/ca.pem&cert=/c.pem&key=/k.pem")
        let unix = try RedisEndpoint(parsing: "unix:///s?db=4&user=ann&password=p%26w")
        #expect(unix.database == 4 && unix.username == "ann" && unix.password == RedisSecret("p&w"))
    }

    @Test(arguments: [
        ("", "is empty"), ("a b", "space"), ("http://h", "unknown scheme"), ("user:pw@h", "no scheme"),
        ("h/1", "no scheme"), ("h:", "port"), ("h:0", "port"), ("h:65536", "port"), ("h:+1", "port"),
        ("h:abc", "port"), ("::1", "[ ]"), ("[::1", "no ]"), ("[::1]x", "between"), ("redis://", "no host"),
        ("redis://:6379", "no host"), ("redis://h/x", "database"), ("redis://h/-1", "database"),
        ("redis://ann@h", "no password"), ("redis://:a%2@h", "%"), ("redis://:a%zz@h", "%"),
        ("redis://:%ff@h", "not text"), ("redis://:%00@h", "not text"), ("redis://h?tls=1", "parameter"),
        ("redis://h?cacert=/x", "parameter"), ("rediss://h?cert=/x", "both"), ("unix://relative", "absolute"),
        ("unix:///s?db", "without a value"), ("unix:///s?x=1", "parameter"),
    ])
    func `bad addresses say what is wrong and what to write`(text: String, why: String) {
        let error = #expect(throws: RedisError.self) { try RedisEndpoint(parsing: text) }
        #expect(error?.code == .badEndpoint)
        #expect(error?.message.contains(why) == true, "\(error?.message ?? "")")
        #expect(error?.nextStep?.contains("redis://") == true)
    }

    @Test func `a socket path must fit the system's address`() throws {
        let longest = "/" + String(repeating: "x", count: 106)
        #expect(try RedisEndpoint(parsing: "unix://\(longest)").target == .unix(path: longest))
        #expect(throws: RedisError.self) { try RedisEndpoint(parsing: "unix://\(longest)x") }
    }

    @Test(arguments: [
        "redis://ann:s3cret@h:1/2", "rediss://:s3cret@h", "unix:///s?password=s3cret&user=ann",
    ])
    func `no description shows the password`(text: String) throws {
        let endpoint = try RedisEndpoint(parsing: text)
        var dumped = ""
        dump(endpoint, to: &dumped)
        for shown in ["\(endpoint)", String(reflecting: endpoint), dumped, endpoint.location] {
            #expect(!shown.contains("s3cret"), "\(shown)")
        }
        #expect(endpoint.description.contains("***"))
    }

    @Test(arguments: [
        "redis://ann:s3cret@h:x", "redis://:s3@s3cret@h:99999", "ftp://ann:s3cret@h", "ann:s3cret@h",
        "unix:///s?password=s3cret&db=x", "unix:///s?passwort=s3cret", "redis://:s3cret%2@h",
    ])
    func `no error shows the password`(text: String) {
        let error = #expect(throws: RedisError.self) { try RedisEndpoint(parsing: text) }
        #expect(error?.description.contains("s3cret") == false, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        "redis://h:6379", "redis://[::1]:6380/2", "redis://ann:***@h:1", "unix:///s?db=2",
        "unix:///s?user=ann&password=***",
    ])
    func `the description is the URL that was parsed`(text: String) throws {
        #expect(try RedisEndpoint(parsing: text).description == text)
    }
}
