import FlashSaleKit
import Testing

@testable import flashctl

/// What may be asked of a Redis that serves a sale.
struct RedisReadingTests {
    @Test(arguments: [
        "ping", "INFO memory", "hget fs:{1}:sale free", "xlen fs:{1}:ledger", "config get maxmemory",
        "xrange s - + count 10", "scan 0 count 10", "xinfo stream s", "memory usage k",
        "zrangebyscore z -inf +inf limit 0 10", "client list", "slowlog get 5",
    ])
    func readingIsAllowed(line: String) throws {
        try RedisReading.check(line.split(separator: " ").map(String.init))
    }

    @Test(arguments: [
        "set a b", "del a", "flushall", "eval 'x' 0", "config set maxmemory 1", "keys *", "scan 0", "hgetall h",
        "smembers s", "xrange s - +", "xrange s - + count 5000", "client kill x", "script flush", "debug sleep 1",
        "zrangebyscore z -inf +inf limit 0 -1", "xrange s - + count 0", "xinfo stream s full count 0",
        "memory usage k samples 0", "hrandfield h -5", "multi", "hrandfield h", "slowlog reset",
        "memory purge", "zrange z 0 -1",
    ])
    func whatWritesOrReadsWithoutBoundIsRefused(line: String) throws {
        let failure = try #require(throws: CommandFailure.self) {
            try RedisReading.check(line.split(separator: " ").map(String.init))
        }
        #expect(failure.status == .declined)
        #expect(failure.nextStep?.contains("redis-cli") == true)
    }

    @Test func passwordsOfRedisAreNotShown() {
        let reply = RedisReply.array([
            .bulk(Array("requirepass".utf8)), .bulk(Array("secret".utf8)), .bulk(Array("maxmemory".utf8)),
            .bulk(Array("0".utf8)),
        ])
        let rows = RowsReport(RedisReading.withoutSecrets(reply)).rows.map { $0[1] }
        #expect(rows == ["requirepass", "(hidden)", "maxmemory", "0"])
    }

    @Test func nothingIsUsage() throws {
        let failure = try #require(throws: CommandFailure.self) { try RedisReading.check([]) }
        #expect(failure.status == .usage)
    }
}
