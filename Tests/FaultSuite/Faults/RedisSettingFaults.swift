import TestSupport

extension Fault {
    /// What somebody with redis-cli can do to a running Redis.
    static let redisSettingFaults = [scriptFlush, evictionPolicy, maxMemory]

    private static let scriptFlush = Fault("script-flush", setup: servers(1, or: 2)) { strike in
        for _ in 0..<3 {
            try await strike.shop.redis("SCRIPT", "FLUSH")
            try await strike.wait(200...800)
        }
    }

    /// A Redis that may evict keys is not used; the guard looks every 10 s.
    private static let evictionPolicy = Fault("eviction-policy", setup: servers(1, or: 2)) { strike in
        let shop = strike.shop
        try await shop.redis("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        let change = History.now
        // Ten seconds, and whatever a busy machine is late.
        let deadline = ContinuousClock.now + TestPatience.limit
        try await Task.sleep(for: .seconds(3))
        var selling = shop.history.selling(since: change, servers: shop.serverCount)
        while !selling.isEmpty, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(100))
            selling = shop.history.selling(since: change, servers: shop.serverCount)
        }
        if !selling.isEmpty { shop.fail("servers \(selling) go on although Redis may evict keys") }
        // They stay shut.
        let shut = History.now
        try await Task.sleep(for: .seconds(2))
        let later = shop.history.answers(since: shut)
        if later.decided > 0 { shop.fail("\(later.decided) checkouts were decided although Redis may evict keys") }
        if later.refused == 0 { shop.fail("no server was asked while Redis might evict keys") }
        try await shop.redis("CONFIG", "SET", "maxmemory-policy", "noeviction")
    }

    private static let maxMemory = Fault("maxmemory", setup: servers(1, or: 2)) { strike in
        let info = try await strike.shop.redis("INFO", "memory")
        let used = info.split(whereSeparator: \.isNewline).first { $0.hasPrefix("used_memory:") }
        guard let bytes = used.flatMap({ Int($0.dropFirst("used_memory:".count)) }) else {
            throw SuiteError("INFO memory does not tell used_memory")
        }
        try await strike.shop.redis("CONFIG", "SET", "maxmemory", "\(bytes + 20_000)")
        try await strike.wait(4000...7000)
        try await strike.shop.redis("CONFIG", "SET", "maxmemory", "0")
    }
}
