import NIOCore
import NIOPosix
import Testing

@testable import FlashSaleKit

/// Runs `body` with a redis-server of its own (no Postgres) that knows all scripts.
func withRedis<Result: Sendable>(
    settings: [String: String] = [:],
    _ body: @Sendable (RedisClient) async throws -> Result
) async throws -> Result {
    let layout = StackLayout(directory: try TemporaryStacks.newFolder())
    try layout.createFolders(for: try PostgresAccount.current())
    // Tells the sweep of other test processes that the folder is in use.
    let lock = try FileLock(path: layout.useLock)
    try await lock.lock(.shared, limit: TestPatience.limit)
    defer { lock.close() }
    let daemon = RedisDaemon(layout: layout, program: try StackTools.find().redisServer)
    do {
        try await daemon.start(.fast.with(redis: settings))
        let client = try await RedisClient.connect(
            to: try RedisEndpoint(parsing: "unix://\(layout.redisSocket)"),
            on: MultiThreadedEventLoopGroup.singleton,
            options: .patient(),
            logger: quietLogger
        )
        for command in SaleScript.loadCommands { _ = try await client.send(command) }
        let result = try await body(client)
        await client.close()
        try await TemporaryStacks.remove(layout)
        return result
    } catch {
        try await TemporaryStacks.remove(layout)
        throw error
    }
}

/// A sale in Redis and the calls on it.
struct SaleBench: Sendable {
    let client: RedisClient
    let keys: SaleKeys
    var epoch: Int64
    let terms: SaleTerms

    /// Opens a new sale through fence, begin and open. Its clock starts at `clock`, by default at one that only the
    /// test moves: with the time of Redis it would jump when the machine leaves no time to this process.
    static func open(
        _ client: RedisClient,
        id: Int64 = 1,
        stock: Int = 10,
        limit: Int = 10,
        holdMilliseconds: Int64 = 60_000,
        clock: Timestamp? = nil,
        opensAfter: Int64 = -1000,
        closesAfter: Int64 = 3_600_000
    ) async throws -> SaleBench {
        let frozen = try await frozenTime(client)
        let start = clock ?? frozen
        let terms = SaleTerms(
            itemName: "Lamp",
            imageURL: "/lamp.png",
            stock: stock,
            userLimit: limit,
            holdMilliseconds: holdMilliseconds,
            opensAt: start.adding(milliseconds: opensAfter),
            closesAt: start.adding(milliseconds: closesAfter),
            hourly: false,
            test: true
        )
        let bench = SaleBench(
            client: client,
            keys: SaleKeys(saleID(id)),
            epoch: 7,
            terms: terms
        )
        let begin = RestoreCall.Begin(terms: terms, clockFloor: start, installation: "here", lineage: .bench)
        _ = try await bench.fence(7)
        #expect(try await bench.restore(RestoreCall.begin(keys: bench.keys, epoch: 7, begin)) == .done)
        #expect(try await bench.restore(RestoreCall.open(keys: bench.keys, epoch: 7, kind: .opened, sold: 0)) == .done)
        return bench
    }

    /// The id of a sale; the number must be positive.
    static func saleID(_ number: Int64) -> SaleID {
        guard let id = SaleID(number) else { preconditionFailure("\(number) is no sale") }
        return id
    }

    static func redisTime(_ client: RedisClient) async throws -> Timestamp {
        let parts = try #require(try await client.send(RedisCommand("TIME")).elements?.compactMap(\.integerValue))
        return Timestamp(microseconds: parts[0] * 1_000_000 + parts[1])
    }

    /// Fences the sale at this epoch under the lineage that it has, or under that of the bench.
    func fence(_ epoch: Int64) async throws -> FenceCall.Reply {
        let present = try await client.send(RedisCommand("HGET", keys.sale, "lineage")).string
        let command = FenceCall.command(
            keys: keys,
            epoch: epoch,
            lineage: present ?? Lineage.bench.description,
            expected: present ?? ""
        )
        return try FenceCall.parse(try await client.send(command))
    }

    /// The outcome of a restore step, nil when the epoch or state refused it.
    func restore(_ command: RedisCommand) async throws -> RestoreCall.Outcome? {
        try RestoreCall.parse(try await client.send(command)).decision
    }

    /// A batch; `attempts` with and without hold ids must not be mixed. `flags` sends the keyed flags
    /// even if all are 0.
    func checkout(
        _ attempts: [SaleModel.Attempt],
        confirmed: Timestamp? = nil,
        flags: Bool = false
    ) async throws -> CheckoutCall.Reply {
        try CheckoutCall.parse(
            try await client.sendRaw(checkoutCommand(attempts, confirmed: confirmed, flags: flags)),
            count: attempts.count
        )
    }

    func checkoutCommand(
        _ attempts: [SaleModel.Attempt],
        confirmed: Timestamp? = nil,
        flags: Bool = false
    ) -> RedisCommand {
        var payload = ByteBuffer()
        var holdIDs = ByteBuffer()
        var keyed = ByteBuffer()
        for attempt in attempts {
            CheckoutCall.appendAttempt(user: attempt.user.utf8, itemID: attempt.itemID, to: &payload)
            if let holdID = attempt.holdID { CheckoutCall.append(holdID, to: &holdIDs) }
        }
        if flags || attempts.contains(where: \.keyed) {
            keyed.writeBytes(attempts.map { UInt8(ascii: $0.keyed ? "1" : "0") })
        }
        return CheckoutCall.command(
            keys: keys,
            epoch: epoch,
            confirmed: confirmed,
            count: attempts.count,
            payload: payload,
            holdIDs: holdIDs,
            keyed: keyed
        )
    }

    /// The letters of a batch, one for each attempt; the status letter when it was refused.
    func letters(_ attempts: [SaleModel.Attempt], flags: Bool = false) async throws -> String {
        switch try await checkout(attempts, flags: flags) {
        case .refused(let status, _): return String(decoding: [status.rawValue], as: UTF8.self)
        case .decided(let decision, _):
            return String(decoding: attempts.indices.map(decision.letter(at:)), as: UTF8.self)
        }
    }

    func purchase(_ claims: [PurchaseCall.Claim]) async throws -> PurchaseCall.Reply {
        let command = PurchaseCall.command(keys: keys, epoch: epoch, claims: claims)
        return try PurchaseCall.parse(try await client.sendRaw(command), count: claims.count)
    }

    func purchase(_ ids: HoldID...) async throws -> [PurchaseCall.Outcome]? {
        try await purchase(ids.map { PurchaseCall.Claim(holdID: $0) }).decision
    }

    func release(_ ids: [HoldID]) async throws -> ReleaseCall.Reply {
        let command = ReleaseCall.command(keys: keys, epoch: epoch, holdIDs: ids)
        return try ReleaseCall.parse(try await client.sendRaw(command), count: ids.count)
    }

    func expire(maximum: Int = 1000, confirmed: Timestamp? = nil) async throws -> ExpireCall.Reply {
        let command = ExpireCall.command(keys: keys, epoch: epoch, confirmed: confirmed, maximum: maximum)
        return try ExpireCall.parse(try await client.sendRaw(command))
    }

    func control(_ operation: ControlCall.Operation, why: String = "test") async throws -> ControlCall.Reply {
        let request = try #require(ControlCall.Request(operation, who: "ann", why: why))
        return try ControlCall.parse(
            try await client.sendRaw(ControlCall.command(keys: keys, epoch: epoch, request: request))
        )
    }

    func snapshot() async throws -> SaleSnapshot {
        let reply = try await client.send(SnapshotCall.command(keys: keys))
        return try #require(try SnapshotCall.parse(reply))
    }

    /// Sets the clock of the sale; Redis time counts only when it is later.
    func setClock(_ time: Timestamp) async throws {
        _ = try await client.send(RedisCommand("HSET", keys.sale, "now_us", String(time.microseconds)))
    }

    /// Everything in the keys of the sale, to see that nothing was written.
    func everything() async throws -> [String] {
        var dump: [String] = []
        for key in keys.all {
            let bytes = try await client.send(RedisCommand("DUMP", key)).bytes ?? []
            dump.append("\(key) \(bytes)")
        }
        return dump
    }
}

/// A time that Redis will not reach during a test: a clock set there moves only when the test moves it.
func frozenTime(_ client: RedisClient) async throws -> Timestamp {
    try await SaleBench.redisTime(client).adding(milliseconds: 86_400_000)
}

func id(_ number: UInt64) -> HoldID { HoldID(high: 0xF0F0, low: number) }

func attempt(_ user: UserID, _ number: UInt64, item: Int64 = 1, keyed: Bool = false) -> SaleModel.Attempt {
    SaleModel.Attempt(user: user, itemID: item, holdID: id(number), keyed: keyed)
}

extension Lineage {
    /// The Postgres of sales that have none.
    static let bench = Lineage(system: "1", timeline: 1, id: "00000000-0000-4000-8000-000000000001")
}
