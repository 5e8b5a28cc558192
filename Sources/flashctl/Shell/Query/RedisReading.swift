import FlashSaleKit

/// The commands of Redis that neither write nor read without bound.
enum RedisReading {
    /// A name, and which words may follow it; nil for any.
    private static let allowed: [String: Set<String>?] = [
        "PING": nil, "TIME": nil, "DBSIZE": nil, "INFO": nil, "TYPE": nil, "TTL": nil, "PTTL": nil, "EXISTS": nil,
        "GET": nil, "STRLEN": nil, "HGET": nil, "HMGET": nil, "HEXISTS": nil, "HLEN": nil, "HSTRLEN": nil,
        "ZCARD": nil, "ZSCORE": nil, "ZRANK": nil, "ZCOUNT": nil, "XLEN": nil, "LLEN": nil, "SCARD": nil,
        "LASTSAVE": nil, "ROLE": nil,
        "XINFO": ["STREAM", "GROUPS"], "CONFIG": ["GET"], "CLIENT": ["LIST", "INFO", "ID", "GETNAME"],
        "MEMORY": ["USAGE", "STATS", "DOCTOR"], "OBJECT": ["ENCODING", "IDLETIME", "FREQ"],
        "SLOWLOG": ["GET", "LEN"], "LATENCY": ["LATEST", "DOCTOR", "HISTORY"], "COMMAND": ["COUNT", "INFO"],
    ]
    /// They take `COUNT n` or `LIMIT offset n`, and must.
    private static let counted: [String: String] = [
        "XRANGE": "COUNT", "XREVRANGE": "COUNT", "SCAN": "COUNT", "HSCAN": "COUNT", "ZSCAN": "COUNT",
        "HRANDFIELD": "", "ZRANGEBYSCORE": "LIMIT", "ZREVRANGEBYSCORE": "LIMIT",
    ]
    /// One key or name behind the second word, and nothing else: what may follow reads everything.
    private static let single = ["XINFO", "MEMORY", "OBJECT"]
    private static let mostElements = 1000
    /// Settings whose values nobody should see on a screen.
    private static let secrets = ["requirepass", "masterauth", "tls-key-file-pass", "tls-client-key-file-pass"]

    /// Names for completion.
    static var names: [String] { (allowed.keys.map { $0 } + counted.keys).map { $0.lowercased() }.sorted() }

    /// Sends a command that only reads.
    static func rows(of words: [String], _ stores: Stores) async throws -> RowsReport {
        try check(words)
        let reply = try await stores.withRedis { redis in
            try await redis.send(RedisCommand(parts: words.map { .string($0) }))
        }
        return RowsReport(words[0].uppercased() == "CONFIG" ? withoutSecrets(reply) : reply)
    }

    /// Refuses what is not on the list.
    static func check(_ words: [String]) throws(CommandFailure) {
        guard let first = words.first else {
            throw CommandFailure(
                .usage,
                "redis needs a command",
                nextStep: "redis hgetall is not allowed; redis info is"
            )
        }
        let name = first.uppercased()
        if let following = allowed[name] {
            guard let following else { return }
            guard words.count > 1, following.contains(words[1].uppercased()) else {
                throw refused("\(name) is allowed with \(following.sorted().joined(separator: ", ")) only")
            }
            guard words.count <= 3 || !single.contains(name) else {
                throw refused("\(name) \(words[1].uppercased()) with further words may read without bound")
            }
            return
        }
        guard let word = counted[name] else {
            throw refused("\(name) may write, or read without bound")
        }
        // The last word is the number of elements in each of them.
        let names = words.dropFirst().map { $0.uppercased() }
        guard word.isEmpty || names.contains(word), let last = words.last, let count = Int(last),
            (1...mostElements).contains(count)
        else {
            let form = word.isEmpty ? "a count" : "\(word)\(word == "LIMIT" ? " 0" : "") n"
            throw refused("\(name) must end with \(form), n from 1 to \(mostElements)")
        }
    }

    /// Pairs of names and values, as CONFIG GET answers.
    static func withoutSecrets(_ reply: RedisReply) -> RedisReply {
        guard case .array(let elements) = reply else { return reply }
        var shown = elements
        for index in stride(from: 0, to: elements.count - 1, by: 2) {
            guard case .bulk(let bytes) = elements[index] else { continue }
            if secrets.contains(String(decoding: bytes, as: UTF8.self)) { shown[index + 1] = .status("(hidden)") }
        }
        return .array(shown)
    }

    private static func refused(_ why: String) -> CommandFailure {
        CommandFailure(
            .declined,
            "this is not sent to a Redis that serves a sale: \(why)",
            nextStep: "use redis-cli if you must; the reading commands here are \(names.joined(separator: ", "))"
        )
    }
}
