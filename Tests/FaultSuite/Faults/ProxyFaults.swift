import TestSupport

extension Fault {
    /// What a network does.
    static let proxyFaults = [commitCut, redisCut, halfOpenPostgres, halfOpenRedis, delay]

    private static let proxied: @Sendable (Int) -> ShopSetup = { seed in
        var setup = servers(1, or: 2)(seed)
        setup.proxies = true
        return setup
    }

    /// Postgres has committed, and the drain never hears of it.
    private static let commitCut = Fault("proxy-commit-cut", setup: proxied) { strike in
        let proxy = try strike.proxy(strike.shop.postgresProxy)
        let spared = Int.random(in: 0...3, using: &strike.random)
        proxy.loseAnswers(to: ["commit\0", "insert into ledger"], times: 12, spared: spared)
        try await strike.expectLoss(proxy)
    }

    /// Redis has decided, and the server never hears of it.
    private static let redisCut = Fault("proxy-redis-cut", setup: proxied) { strike in
        let proxy = try strike.proxy(strike.shop.redisProxy)
        let spared = Int.random(in: 3...20, using: &strike.random)
        proxy.loseAnswers(to: ["EVALSHA"], times: 15, spared: spared)
        try await strike.expectLoss(proxy)
    }

    private static let halfOpenPostgres = Fault("proxy-half-open-postgres", setup: proxied) { strike in
        let proxy = try strike.proxy(strike.shop.postgresProxy)
        proxy.enter(.halfOpen)
        try await strike.wait(full: .seconds(12), bounded: .seconds(6))
        proxy.enter(.pass)
    }

    private static let halfOpenRedis = Fault("proxy-half-open-redis", setup: proxied) { strike in
        let proxy = try strike.proxy(strike.shop.redisProxy)
        proxy.enter(.halfOpen)
        try await strike.wait(full: .seconds(12), bounded: .seconds(6))
        proxy.enter(.pass)
    }

    private static let delay = Fault("proxy-delay", setup: proxied) { strike in
        let proxies = [try strike.proxy(strike.shop.redisProxy), try strike.proxy(strike.shop.postgresProxy)]
        for proxy in proxies { proxy.enter(.delay(milliseconds: Int.random(in: 20...150, using: &strike.random))) }
        try await strike.wait(4000...8000)
        for proxy in proxies { proxy.enter(.pass) }
    }
}

extension Fault.Strike {
    fileprivate func proxy(_ proxy: FaultProxy?) throws -> FaultProxy {
        guard let proxy else { throw SuiteError("this fault needs a shop with proxies") }
        return proxy
    }

    /// Lets the proxy lose answers for some seconds. If it loses none, the run proves nothing.
    fileprivate mutating func expectLoss(_ proxy: FaultProxy) async throws {
        let before = proxy.lostAnswers
        try await wait(4000...6000)
        proxy.loseAnswers(to: [], times: 0)
        if proxy.lostAnswers == before { throw SuiteError("the proxy lost no answer") }
    }
}
